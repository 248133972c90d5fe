package eventnode

import (
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// Waiting tells how many writes wait for the committer.
func (n *Node) Waiting() int { return len(n.committer.requests) }

// Streams is the node's service as its server calls it.
func (n *Node) Streams() streams.StreamsServer { return &server{Node: n} }

// Impatient lets silent peers be cut off soon.
func (o Options) Impatient() Options {
	o.silence = 100 * time.Millisecond
	return o
}

// Unfinished tells how many bytes the appends in hand hold.
func (n *Node) Unfinished() int64 { return n.budget.used.Load() }

// Encode writes a message as the node's server sends it.
func Encode(m any) ([]byte, error) {
	b, err := newCodec().Marshal(m)
	return b.Materialize(), err
}
