package eventnode

import "github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

// Waiting tells how many writes wait for the committer.
func (n *Node) Waiting() int { return len(n.committer.requests) }

// Streams is the node's service as its server calls it.
func (n *Node) Streams() streams.StreamsServer { return &server{Node: n} }
