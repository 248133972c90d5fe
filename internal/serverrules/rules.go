// Package serverrules is what EventStoreDB 24.10 answers to calls of its
// streams API, rule by rule, as cases over the wire: raw gRPC calls, so that
// also what the official client never sends and never shows is looked at. The
// embedded node is held to them, and a real server can be.
//
// Cases use streams whose names are new in every run, and delete only those.
// The few that are about the embedded node alone (Case.Own) append nothing to
// streams of this program: a reader of the log would meet it.
//
// It never speaks to more than one node and never asks for a leader (ADR 0015).
package serverrules

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/fieldledger/fieldledger/internal/storetest"
)

// patience is how long a case waits for what must come. It is no measurement.
const patience = 30 * time.Second

// Target says how to reach the server under test.
type Target struct {
	Address  string      // host:port
	TLS      *tls.Config // nil for a server without TLS and credentials
	User     string
	Password string
}

// Cases are the rules. Open is called once for each case and closes what it
// opened with Cleanup; it may return the same server each time.
func Cases(open func(t storetest.T) Target) []storetest.Case {
	var cases []storetest.Case
	for _, r := range slices.Concat(
		appendRules, appendFaultRules, appendAnswerRules, batchRules, readRules, linkRules, allRules, filterRules,
		subscriptionRules, checkpointRules, removalRules, metadataRules, serviceRules, ownRules,
	) {
		cases = append(cases, storetest.Case{Name: r.name, Own: r.own, Quiet: r.quiet, Run: func(t storetest.T) {
			r.test(newBench(t, open(t)))
		}})
	}
	return cases
}

// rule is one behaviour and the test of it.
type rule struct {
	name  string
	test  func(b *bench)
	own   bool // of the embedded node alone
	quiet bool // nobody else may write meanwhile
}

// bench is what one case works with. It is a require.TestingT.
type bench struct {
	storetest.T
	target  Target
	conn    *grpc.ClientConn
	streams streams.StreamsClient
	prefix  string // of all streams of the case
	ctx     context.Context
}

func newBench(t storetest.T, target Target) *bench {
	b := &bench{T: t, target: target, prefix: "serverrules-" + uuid.NewString() + "-"}
	var cancel context.CancelFunc
	b.ctx, cancel = context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	b.conn = b.dial(target.User, target.Password)
	b.streams = streams.NewStreamsClient(b.conn)
	return b
}

// dial opens a connection that is closed with the case. No user: no credentials.
func (b *bench) dial(user, password string) *grpc.ClientConn {
	b.Helper()
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(
		grpc.MaxCallRecvMsgSize(17<<20), grpc.MaxCallSendMsgSize(64<<20))}
	if b.target.TLS != nil {
		options[0] = grpc.WithTransportCredentials(credentials.NewTLS(b.target.TLS))
	}
	if user != "" && b.target.TLS != nil {
		options = append(options, grpc.WithPerRPCCredentials(basic(user+":"+password)))
	}
	conn, err := grpc.NewClient(b.target.Address, options...)
	require.NoError(b, err)
	b.Cleanup(func() { _ = conn.Close() })
	return conn
}

// basic are credentials as EventStoreDB takes them.
type basic string

func (c basic) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(c))}, nil
}

func (basic) RequireTransportSecurity() bool { return true }

// name is the full name of one of the case's streams. The metadata stream of
// x is "$$x".
func (b *bench) name(short string) string {
	switch {
	case short == "" || short == "$$" || short == "$all":
		return short
	case strings.HasPrefix(short, "$$"):
		return "$$" + b.prefix + short[2:]
	}
	return b.prefix + short
}

// short shortens the case's names in text.
func (b *bench) short(text string) string { return strings.ReplaceAll(text, b.prefix, "") }

// id is the event id that name stands for in this case.
func (b *bench) id(name string) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(b.prefix+name))
}

// eventually waits until seen answers want.
func (b *bench) eventually(want string, seen func() string) {
	b.Helper()
	var last string
	for b.ctx.Err() == nil {
		if last = seen(); last == want {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-b.ctx.Done():
		}
	}
	require.Equal(b, want, last)
}
