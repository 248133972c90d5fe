package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"

	"github.com/fieldledger/fieldledger/internal/integration"
)

// Config is the one configuration of every command: flags, then environment,
// then file, then defaults.
type Config struct {
	ConfigFile kong.ConfigFlag `name:"config" placeholder:"FILE" help:"Read further settings from a YAML file."`
	DataDir    string          `env:"FIELDLEDGER_DATA_DIR" placeholder:"DIR" help:"Where events, keys and the embedded PostgreSQL live. Default: the user's data folder."`
	EventStore string          `name:"eventstore" env:"FIELDLEDGER_EVENTSTORE" placeholder:"esdb://…" help:"An EventStoreDB or KurrentDB to use instead of the embedded node."`
	Postgres   string          `env:"FIELDLEDGER_POSTGRES" placeholder:"postgres://…" help:"A PostgreSQL (14 or newer) to use instead of the embedded one."`
	LogLevel   slog.Level      `env:"FIELDLEDGER_LOG_LEVEL" default:"WARN" help:"DEBUG, INFO, WARN or ERROR, to standard error."`
}

// Serving is how the API is served.
type Serving struct {
	Listen   string `env:"FIELDLEDGER_LISTEN" default:"127.0.0.1:8080" help:"Address of the API."`
	Metrics  string `env:"FIELDLEDGER_METRICS" default:"127.0.0.1:9464" help:"Loopback address of /metrics; empty for none."`
	Issuer   string `env:"FIELDLEDGER_OIDC_ISSUER" placeholder:"URL" help:"OpenID Connect issuer whose tokens are accepted."`
	Audience string `env:"FIELDLEDGER_OIDC_AUDIENCE" default:"fieldledger" help:"Audience that tokens must name."`
	TLSCert  string `env:"FIELDLEDGER_TLS_CERT" placeholder:"FILE" help:"Certificate of the API (PEM)."`
	TLSKey   string `env:"FIELDLEDGER_TLS_KEY" placeholder:"FILE" help:"Key of the certificate (PEM)."`
	// Integrations are names of integration.All.
	Integrations []string `env:"FIELDLEDGER_INTEGRATIONS" placeholder:"ticket.closed" help:"Integration events to publish beside the log; none by default."`
}

// check returns all faults at once.
func (c *Config) check() error {
	var faults []error
	if c.DataDir == "" {
		dir, err := defaultDataDir()
		if err != nil {
			faults = append(faults, fmt.Errorf("--data-dir: %w", err))
		}
		c.DataDir = dir
	}
	if abs, err := filepath.Abs(c.DataDir); err == nil {
		c.DataDir = abs
	}
	if c.EventStore != "" && !strings.HasPrefix(c.EventStore, "esdb://") && !strings.HasPrefix(c.EventStore, "esdb+discover://") {
		faults = append(faults, errors.New("--eventstore: begins with esdb:// or esdb+discover://"))
	}
	if c.Postgres != "" && !strings.HasPrefix(c.Postgres, "postgres://") && !strings.HasPrefix(c.Postgres, "postgresql://") && !strings.Contains(c.Postgres, "=") {
		faults = append(faults, errors.New("--postgres: is a postgres:// address or a list of name=value"))
	}
	return errors.Join(faults...)
}

// check returns all faults at once. A demo serves loopback only.
func (s Serving) check(demo bool) error {
	var faults []error
	if err := address("--listen", s.Listen, demo); err != nil {
		faults = append(faults, err)
	}
	if s.Metrics != "" {
		if err := address("--metrics", s.Metrics, true); err != nil {
			faults = append(faults, err)
		}
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		faults = append(faults, errors.New("--tls-cert and --tls-key: both or none"))
	}
	if demo && s.Issuer != "" {
		faults = append(faults, errors.New("--issuer: the demo issuer never runs beside a real one"))
	}
	if !demo && s.Issuer == "" {
		faults = append(faults, errors.New("--issuer: needed, there is no way to switch authentication off"))
	}
	if _, err := integration.Find(s.Integrations); err != nil {
		faults = append(faults, fmt.Errorf("--integrations: %w", err))
	}
	return errors.Join(faults...)
}

func address(flag, value string, loopback bool) error {
	host, _, err := net.SplitHostPort(value)
	if err != nil {
		return fmt.Errorf("%s: is host:port", flag)
	}
	ip, err := netip.ParseAddr(host)
	if loopback && host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return fmt.Errorf("%s: must be a loopback address here", flag)
	}
	return nil
}

func defaultDataDir() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "fieldledger"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("give a folder, there is no home folder to take one from")
	}
	return filepath.Join(home, ".local", "share", "fieldledger"), nil
}

// usualFiles are the configuration files that are read unasked, the later one wins.
func usualFiles() []string {
	files := []string{"/etc/fieldledger.yaml"}
	if home, err := os.UserHomeDir(); err == nil {
		files = append(files, filepath.Join(home, ".config", "fieldledger.yaml"))
	}
	return files
}

// yamlFile reads a configuration file: one key a flag, without the dashes.
func yamlFile(r io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	if err := yaml.NewDecoder(r).Decode(&values); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read configuration file: %w", err)
	}
	return fileValues(values), nil
}

// fileValues are the settings of a configuration file by flag name.
type fileValues map[string]any

// Resolve gives way to the environment.
func (v fileValues) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil //nolint:nilnil // no value of its own, as kong asks for
		}
	}
	return v[flag.Name], nil
}

// Validate names every key that is no flag of any command.
func (v fileValues) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, node := range append(app.Leaves(false), app.Node) {
		for _, flag := range node.Flags {
			known[flag.Name] = true
		}
	}
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(v)) {
		if !known[key] {
			faults = append(faults, fmt.Errorf("configuration file: %s is no setting", key))
		}
	}
	return errors.Join(faults...)
}

func (c *Config) logger(t *terminal) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: c.LogLevel}))
}
