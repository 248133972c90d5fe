package commands

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/number"
	"github.com/fieldledger/fieldledger/eventschemas"
)

const blockSize = 100 // numbers a process takes at once

func numberDecider() Decider[number.State, number.Command, number.Event] {
	return Decider[number.State, number.Command, number.Event]{
		Name: "number", Version: "number/1", Decide: number.Decide,
		Evolve: func(s number.State, _ uint64, e number.Event) number.State { return number.Evolve(s, e) },
	}
}

// numbers draws human numbers from blocks that the log reserves for this
// process; what is left of a block when the process ends stays unused and can
// be listed. Safe for concurrent use.
type numbers struct {
	*useCases
	mu     sync.Mutex
	blocks map[string]block // by stream
}

type block struct{ next, last int64 }

func newNumbers(u *useCases) *numbers { return &numbers{useCases: u, blocks: map[string]block{}} }

// next returns the next number of a site and kind, "T2026-000123". Streams are split by year.
func (n *numbers) next(ctx context.Context, site, kind string, at domain.Instant) (string, error) {
	year := at.Year()
	stream := fmt.Sprintf("fl.number-%s-%s-%d", site, kind, year)
	n.mu.Lock()
	defer n.mu.Unlock()
	b := n.blocks[stream]
	if b.next == 0 || b.next > b.last {
		var err error
		if b, err = n.reserve(ctx, site, kind, stream, at); err != nil {
			return "", err
		}
	}
	v := b.next
	b.next++
	n.blocks[stream] = b
	return fmt.Sprintf("%c%d-%06d", kind[0]-'a'+'A', year, v), nil
}

// reserve takes a block. A block whose reservation got no answer is left unused.
func (n *numbers) reserve(ctx context.Context, site, kind, stream string, at domain.Instant) (block, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	call := Call{
		ID: uuid.New(), Type: "number.reserve", Site: site, OccurredAt: at,
		Actor: eventschemas.Actor{Person: "system", Issuer: "fieldledger", Subject: "numbers", Roles: []string{}},
	}
	call.Digest = n.Vault.Digest(call.ID[:])
	res, err := Execute(ctx, n.x, numberDecider(), stream, Given[number.Command](call, number.Reserve{Kind: kind, Size: blockSize}))
	if err != nil {
		return block{}, fmt.Errorf("reserve numbers %s: %w", stream, err)
	}
	return n.blockAt(ctx, stream, res.Revision)
}

// blockAt reads the block that a revision of the stream reserved.
func (n *numbers) blockAt(ctx context.Context, stream string, revision int64) (block, error) {
	stored, err := n.Store.ReadStream(ctx, stream, uint64(revision)) //nolint:gosec // not negative after an append
	if err != nil {
		return block{}, fmt.Errorf("read %s: %w", stream, err)
	}
	ev, err := eventschemas.Decode(stored[0].Type, stored[0].Data)
	if err != nil {
		return block{}, fmt.Errorf("decode %s@%d: %w", stream, revision, err)
	}
	reserved, ok := ev.(number.BlockReserved)
	if !ok {
		return block{}, fmt.Errorf("%s@%d is a %T", stream, revision, ev)
	}
	return block{next: reserved.From, last: reserved.To}, nil
}
