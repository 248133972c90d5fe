package vault

import (
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// subjectKey is an unwrapped key.
type subjectKey struct {
	id   string
	aead tink.AEAD
}

// cache holds unwrapped keys. A key that was read before a destruction became
// known is not kept: its epoch has passed.
type cache struct {
	mu        sync.Mutex
	keys      *lru.Cache[uuid.UUID, *subjectKey]
	epoch     uint64    // counts purges
	destroyed int64     // rows of vault.destroyed_subject at the last check
	checkedAt time.Time // zero for never
}

func newCache(size int) (*cache, error) {
	if size == 0 {
		size = 10_000
	}
	keys, err := lru.New[uuid.UUID, *subjectKey](size)
	if err != nil {
		return nil, fmt.Errorf("make key cache: %w", err)
	}
	return &cache{keys: keys}, nil
}

// get returns a key, nil for none, and the epoch to put with.
func (c *cache) get(subject uuid.UUID) (*subjectKey, uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key, _ := c.keys.Get(subject)
	return key, c.epoch
}

// put keeps a key that was read in epoch.
func (c *cache) put(subject uuid.UUID, key *subjectKey, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch == c.epoch {
		c.keys.Add(subject, key)
	}
}

// purge forgets every key, and those that are being read.
func (c *cache) purge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	c.keys.Purge()
}

// stale reports that the number of destroyed subjects is to be asked again.
// A clock that ran backwards counts as stale.
func (c *cache) stale(now time.Time, recheck time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	age := now.Sub(c.checkedAt)
	return age < 0 || age >= recheck
}

// checked takes the number of destroyed subjects as of asked, and reports
// whether it has changed.
func (c *cache) checked(asked time.Time, destroyed int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checkedAt = asked
	if destroyed == c.destroyed {
		return false
	}
	c.destroyed = destroyed
	c.epoch++
	c.keys.Purge()
	return true
}
