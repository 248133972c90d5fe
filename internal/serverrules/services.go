package serverrules

import (
	"net"
	"strconv"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const accessDenied = "PermissionDenied: Access Denied; exception=access-denied"

var serviceRules = []rule{
	{name: "the server names what it supports, in lower case, and a version of three numbers", test: func(b *bench) {
		got, err := serverfeatures.NewServerFeaturesClient(b.conn).GetSupportedMethods(b.ctx, empty)
		require.NoError(b, err)
		parts := strings.Split(got.GetEventStoreServerVersion(), ".")
		require.Len(b, parts, 3)
		for _, p := range parts {
			_, err := strconv.Atoi(p)
			require.NoError(b, err)
		}
		found := map[string][]string{}
		for _, m := range got.GetMethods() {
			require.Equal(b, strings.ToLower(m.GetServiceName()+m.GetMethodName()), m.GetServiceName()+m.GetMethodName())
			found[m.GetServiceName()+"/"+m.GetMethodName()] = m.GetFeatures()
		}
		const service = "event_store.client.streams.streams/"
		require.ElementsMatch(b, []string{"position", "events"}, found[service+"read"])
		require.Contains(b, found[service+"batchappend"], "deadline_duration")
		for _, method := range []string{"append", "delete", "tombstone"} {
			require.Contains(b, found, service+method)
		}
	}},
	{name: "gossip names a live leader at an address that can be dialled", test: func(b *bench) {
		got, err := gossip.NewGossipClient(b.conn).Read(b.ctx, empty)
		require.NoError(b, err)
		var leaders int
		for _, m := range got.GetMembers() {
			if m.GetState() != gossip.MemberInfo_Leader {
				continue
			}
			leaders++
			require.True(b, m.GetIsAlive())
			require.NotNil(b, m.GetInstanceId().GetStructured())
			require.Greater(b, m.GetTimeStamp(), int64(1_600_000_000*1e7))
			address := net.JoinHostPort(m.GetHttpEndPoint().GetAddress(), strconv.Itoa(int(m.GetHttpEndPoint().GetPort())))
			conn, err := new(net.Dialer).DialContext(b.ctx, "tcp", address)
			require.NoError(b, err)
			require.NoError(b, conn.Close())
		}
		require.Equal(b, 1, leaders)
	}},
	{name: "an unknown method is unimplemented, and the connection lives on", test: func(b *bench) {
		err := b.conn.Invoke(b.ctx, "/event_store.client.streams.Streams/Nonsense", empty, &streams.DeleteResp{})
		require.Equal(b, codes.Unimplemented, status.Code(err))
		b.stored("s", noStream, "a")
	}},
	{name: "without credentials streams are denied, with wrong ones nothing is answered", test: func(b *bench) {
		if b.target.TLS == nil {
			b.stored("s", noStream, "a") // everybody is the system user
			return
		}
		admin := b.streams
		b.streams = streams.NewStreamsClient(b.dial("", ""))
		for _, said := range []string{
			b.try("s", anyState, "a"), b.ofStream("s").says(), b.ofAll().says(), b.ofStream("s").live().says(),
			b.softDelete("s", anyState), b.tombstone("s", anyState),
		} {
			require.Equal(b, accessDenied, said)
		}
		_, err := serverfeatures.NewServerFeaturesClient(b.dial("", "")).GetSupportedMethods(b.ctx, empty)
		require.NoError(b, err, "what is supported may be asked by everybody")
		for _, wrong := range [][2]string{{b.target.User, b.target.Password + "x"}, {"nobody-" + b.prefix, b.target.Password}} {
			b.streams = streams.NewStreamsClient(b.dial(wrong[0], wrong[1]))
			require.Equal(b, "Unauthenticated: Unauthenticated", b.ofStream("s").says())
			require.Equal(b, "Unauthenticated: Unauthenticated", b.try("s", anyState, "a"))
		}
		b.streams = admin
		require.Equal(b, "not-found=s", b.ofStream("s").says())
	}},
	{name: "what is denied to everybody", test: func(b *bench) {
		if b.target.TLS == nil {
			return // without TLS every access check passes
		}
		require.Equal(b, accessDenied, b.try("$all", anyState, "a"))
		require.Equal(b, accessDenied, b.try("", anyState, "a"))
		require.Equal(b, accessDenied, b.ofStream("").says())
		b.setMetadata("s", `{}`)
		require.Equal(b, accessDenied, b.softDelete("$$s", anyState))
		require.Equal(b, accessDenied, b.tombstone("$$s", anyState))
	}},
}

const kept = "PermissionDenied: streams whose name starts with fl. keep all their events: " +
	"delete, tombstone and truncating metadata are refused; exception=access-denied"

// ownRules ask for what another server would refuse for another reason, so
// that nothing is stored in a stream of this program.
var ownRules = []rule{
	{name: "streams of this program cannot be deleted or tombstoned", own: true, test: func(b *bench) {
		for _, stream := range []string{"fl." + b.prefix, "$$fl." + b.prefix} {
			if b.target.TLS != nil && strings.HasPrefix(stream, "$$") {
				continue // denied to everybody before
			}
			each := *b
			each.prefix = ""
			require.Equal(b, kept, each.softDelete(stream, 77))
			require.Equal(b, kept, each.tombstone(stream, 77))
		}
	}},
	{name: "metadata that would hide events of this program is refused", own: true, test: func(b *bench) {
		stream := "$$fl." + b.prefix
		for _, data := range []string{`{"$tb":1}`, `{"$maxCount":1}`, `{"$maxAge":1}`, `{"$maxAge":1,"$acl":1}`, `{"$tb":9223372036854775807}`} {
			e := b.changed(func(e *streams.AppendReq_ProposedMessage) { e.Data = []byte(data) })
			got := b.said(b.send(b.ctx, appendOptions(stream, noStream), b.request(b.proposed("x")), b.request(e)))
			require.Equal(b, kept, got, data)
		}
		e := b.changed(func(e *streams.AppendReq_ProposedMessage) { e.Data = []byte(`{"colour":"blue"}`) })
		require.Equal(b, "ok 0", b.said(b.send(b.ctx, appendOptions(stream, noStream), b.request(e))), "other metadata may be set")
	}},
}
