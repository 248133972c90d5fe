package eventnode

import (
	"context"
	"net"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/google/uuid"
)

// serverVersion is the release whose behaviour the node reproduces. The client
// takes three numbers only.
const serverVersion = "24.10.14"

type features struct {
	serverfeatures.UnimplementedServerFeaturesServer
}

// GetSupportedMethods lists what the node serves.
func (*features) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	const streamsService = "event_store.client.streams.streams"
	return &serverfeatures.SupportedMethods{
		EventStoreServerVersion: serverVersion,
		Methods: []*serverfeatures.SupportedMethod{
			{ServiceName: streamsService, MethodName: "read", Features: []string{"position", "events"}},
			{ServiceName: streamsService, MethodName: "append"},
			{ServiceName: streamsService, MethodName: "delete"},
			{ServiceName: streamsService, MethodName: "tombstone"},
			{ServiceName: streamsService, MethodName: "batchappend", Features: []string{"deadline_duration"}},
			{ServiceName: "event_store.client.gossip.gossip", MethodName: "read"},
			{ServiceName: "event_store.client.server_features.serverfeatures", MethodName: "getsupportedmethods"},
		},
	}, nil
}

type gossipServer struct {
	gossip.UnimplementedGossipServer
	node *Node
	id   uuid.UUID
}

// Read names the node as the one member of its cluster.
func (g *gossipServer) Read(context.Context, *shared.Empty) (*gossip.ClusterInfo, error) {
	host, portText, err := net.SplitHostPort(g.node.dialAddr())
	if err != nil {
		return nil, errFault
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, errFault
	}
	return &gossip.ClusterInfo{Members: []*gossip.MemberInfo{{
		InstanceId: protoID(g.id, false), TimeStamp: ticksOf(g.node.opts.Clock.Now()),
		State: gossip.MemberInfo_Leader, IsAlive: true,
		HttpEndPoint: &gossip.EndPoint{Address: host, Port: uint32(port)},
	}}}, nil
}
