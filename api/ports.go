package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Authenticator verifies bearer tokens.
type Authenticator interface {
	// Authenticate returns who a token speaks for and the codes of the sites
	// they may act in; nil means all. commands.ErrUnavailable if the issuer's
	// keys cannot be had now; any other error means that the token is no good.
	Authenticate(ctx context.Context, token string) (eventschemas.Actor, []string, error)
}

// Authorizer decides what an authenticated caller may do.
type Authorizer interface {
	// Authorize returns the name of the policy that permits the operation at a
	// site; "" as site asks whether it is permitted at any. False means no.
	Authorize(actor eventschemas.Actor, sites []string, operation, site string) (policy string, ok bool)
}

// Opener opens personal fields.
type Opener interface {
	// Open returns the plain text; commands.ErrErased if the key is destroyed.
	Open(ctx context.Context, sealed domain.Sealed, field string) (string, error)
}

// Access is one look at a subject's personal data (AUD-08).
type Access struct {
	Actor   string // person id, or the subject of the token
	Subject uuid.UUID
	Purpose string // operation id
	Target  string // path that was asked
}

// AccessLog keeps who looked at whose personal data.
type AccessLog interface {
	// Record keeps looks, all or none, before they are shown.
	Record(ctx context.Context, looks []Access) error
}

// Eraser destroys the keys of subjects.
type Eraser interface {
	// Destroy erases a subject for good; again it changes nothing (AUD-07).
	Destroy(ctx context.Context, subject uuid.UUID, reason string) error
}

// Deps is what the API is made of. Every field without a default is needed.
type Deps struct {
	App           *commands.App
	Tickets       Tickets
	KPIs          KPIs
	Directory     Directory
	Custody       Custody
	Losses        Losses
	Keeping       ToolRoom
	Supply        Supply
	Progress      Progress
	Changes       Changes
	Authenticator Authenticator
	Authorizer    Authorizer
	Opener        Opener
	AccessLog     AccessLog
	Eraser        Eraser
	Clock         commands.Clock
	Log           *slog.Logger
	Metrics       prometheus.Registerer

	// Unavailable reports whether an error of a part comes from its database
	// being away for the time being: such a request is answered 503. nil never does.
	Unavailable func(err error) bool

	// Text returns the text of a catalogue key in a language; Match the best
	// language for an Accept-Language header.
	Text  func(lang, key string, args map[string]any) string
	Match func(acceptLanguage string) string

	// Secret signs cursors and positions; at least 32 bytes, the same after a restart.
	Secret []byte
	// Stopping is closed when the server is about to stop, so that feeds end; nil never is.
	Stopping <-chan struct{}
	// Heartbeat is how often a silent feed says that it is there; 0 means 15 s.
	// WriteLimit is how long its reader has for each event; 0 means 10 s.
	Heartbeat, WriteLimit time.Duration

	// Rate and Burst limit the requests of one caller a second; 0 means 200 and 400.
	Rate, Burst int
}

const minSecret = 32 // bytes

func (d Deps) check() error {
	if len(d.Secret) < minSecret {
		return fmt.Errorf("secret has %d bytes, needs %d", len(d.Secret), minSecret)
	}
	for name, missing := range map[string]bool{
		"App": d.App == nil, "Tickets": d.Tickets == nil, "KPIs": d.KPIs == nil, "Directory": d.Directory == nil, "Custody": d.Custody == nil, "Losses": d.Losses == nil,
		"Keeping": d.Keeping == nil, "Supply": d.Supply == nil,
		"Progress": d.Progress == nil, "Changes": d.Changes == nil, "Authenticator": d.Authenticator == nil, "Authorizer": d.Authorizer == nil,
		"Opener": d.Opener == nil, "AccessLog": d.AccessLog == nil, "Eraser": d.Eraser == nil, "Clock": d.Clock == nil,
		"Log": d.Log == nil, "Metrics": d.Metrics == nil, "Text": d.Text == nil, "Match": d.Match == nil,
	} {
		if missing {
			return errors.New(name + " is missing")
		}
	}
	return nil
}
