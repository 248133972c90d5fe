package eventstoredb

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// Defaults of Options.
const (
	DefaultCallTimeout = 30 * time.Second
	DefaultPatience    = 2 * time.Second
	DefaultMaxCalls    = 128
)

// Options say which store to open and how long to wait for it.
type Options struct {
	// ConnectionString is an esdb:// or esdb+discover:// address in the
	// official form. Its discoveryInterval and maxDiscoverAttempts have no
	// effect: the Store does the reconnecting.
	ConnectionString string
	// RootCAs are the authorities that may have signed the node's
	// certificate; nil means tlsCAFile of the connection string, else the machine's.
	RootCAs *x509.CertPool
	// Log receives losses and recoveries of the node; nil drops them.
	Log *slog.Logger
	// CallTimeout limits calls whose context has no deadline.
	CallTimeout time.Duration
	// Patience is how long a call waits for a node that is not there before
	// it answers commands.ErrUnavailable; its context may end it sooner.
	Patience time.Duration
	// MaxCalls limits the calls under way at one time; more wait for their turn.
	MaxCalls int
}

// settings are the keys that a connection string may have. The client only
// prints a line for one that it does not know.
var settings = []string{
	"discoveryinterval", "gossiptimeout", "maxdiscoverattempts", "nodepreference",
	"keepaliveinterval", "keepalivetimeout", "tls", "tlscafile", "usercertfile",
	"userkeyfile", "tlsverifycert", "defaultdeadline",
}

// configure fills in defaults and turns o into the client's configuration.
func (o *Options) configure() (*esdb.Configuration, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.CallTimeout <= 0 {
		o.CallTimeout = DefaultCallTimeout
	}
	if o.Patience <= 0 {
		o.Patience = DefaultPatience
	}
	if o.MaxCalls <= 0 {
		o.MaxCalls = DefaultMaxCalls
	}
	given, err := givenSettings(o.ConnectionString)
	if err != nil {
		return nil, err
	}
	config, err := esdb.ParseConnectionString(o.ConnectionString)
	if err != nil {
		return nil, connectionFault(o.ConnectionString)
	}
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("event store connection string: %w", err)
	}
	if o.RootCAs != nil {
		config.RootCAs = o.RootCAs
	}
	if config.DisableTLS && config.Username != "" {
		o.Log.Warn("event store credentials are not sent without TLS", "user", config.Username)
	}
	config.MaxDiscoverAttempts = 1
	config.DiscoveryInterval = 1 // milliseconds, slept after the last attempt too
	if !slices.Contains(given, "gossiptimeout") {
		config.GossipTimeout = 2 // seconds, of the first call too
	}
	return config, nil
}

// givenSettings returns the keys of a connection string in lower case, and an
// error for one that does not exist.
func givenSettings(connection string) ([]string, error) {
	_, query, _ := strings.Cut(connection, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, errAddress
	}
	given := make([]string, 0, len(values))
	for key := range values {
		name := strings.ToLower(key)
		if !slices.Contains(settings, name) {
			return nil, errSetting
		}
		given = append(given, name)
	}
	return given, nil
}

var (
	errAddress = errors.New("event store connection string: it has not the form esdb://user:password@host:port?setting=value")
	errSetting = fmt.Errorf("event store connection string: a setting is none of %s", strings.Join(settings, ", "))
)

// connectionFault says what is wrong with a connection string whose settings
// are known. Nothing else of it is repeated but the file that cannot be read:
// a password may stand anywhere, also after a question mark of its own.
func connectionFault(connection string) error {
	_, query, _ := strings.Cut(connection, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return errAddress
	}
	for key := range values {
		name := strings.ToLower(key)
		_, err := esdb.ParseConnectionString("esdb://localhost?" + url.Values{name: {values.Get(key)}}.Encode())
		switch {
		case err == nil:
		case name == "tlscafile":
			return fmt.Errorf("event store connection string: %s: %w", name, err)
		default:
			return fmt.Errorf("event store connection string: %s has no value of its kind", name)
		}
	}
	return errAddress
}

// addresses are the host:port pairs of which at least one must answer.
func addresses(config *esdb.Configuration) []string {
	if len(config.GossipSeeds) == 0 {
		return []string{config.Address}
	}
	seeds := make([]string, 0, len(config.GossipSeeds))
	for _, seed := range config.GossipSeeds {
		seeds = append(seeds, seed.String())
	}
	return seeds
}
