package eventnode

import "sync"

// tail wakes those who wait for new events. A reader takes wait's channel
// first and then reads the head, so no event can pass between the two.
type tail struct {
	mu sync.Mutex
	ch chan struct{}
}

func newTail() *tail { return &tail{ch: make(chan struct{})} }

// wait returns a channel that is closed by the next notify.
func (t *tail) wait() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ch
}

func (t *tail) notify() {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.ch)
	t.ch = make(chan struct{})
}
