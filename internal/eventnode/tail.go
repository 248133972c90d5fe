package eventnode

import "sync"

// tail wakes those who wait for new events.
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

// watch returns the head and a channel that is closed when there is a newer
// one. The channel is taken first, so no event can pass between the two.
func (n *Node) watch() (*visibleHead, <-chan struct{}) {
	wake := n.tail.wait()
	return n.head.Load(), wake
}
