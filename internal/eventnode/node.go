// Package eventnode is the embedded event node: it serves EventStoreDB's own
// gRPC protocol for streams, so that the official client works unchanged, and
// stores the events in Pebble. It is what the program uses on one machine;
// beyond that use EventStoreDB itself.
//
// An acknowledged append is on disk. A batch is stored whole or not at all.
// Positions rise strictly, revisions have no gap. At start the log is compared
// with a sidecar that remembers its head; a shorter or different log does not
// open. Streams whose name starts with "fl." keep all their events: what would
// hide or remove them is refused.
//
// It never runs server projections or persistent subscriptions (the services
// are not registered), never removes an event, and never listens without TLS
// on anything but loopback (AUD-01, ADR 0001).
package eventnode

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"google.golang.org/grpc"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/eventschemas"
)

// Options tells how to open a node. Clock is required; the zero value of
// everything else is a node in memory with TLS on a free loopback port.
type Options struct {
	Clock commands.Clock // stamps events; required
	Dir   string         // where the events are stored; empty for in memory

	Listen        string           // host:port; default 127.0.0.1:0
	Insecure      bool             // no TLS and no credentials; loopback only
	AdminPassword string           // of user admin; made at start if empty
	Certificate   *tls.Certificate // made in memory at start if nil

	ReserveBytes int64 // size of the reserve file; default 64 MiB, negative for none; none in memory
	MinFreeBytes int64 // appends are refused below this free space; default 128 MiB
	// FreeBytes tells the free space of the disk of Dir; nil asks the file system.
	FreeBytes func() (int64, error)

	MaxAppendBytes int64 // of one append; default 1 MiB, as the original
	MaxEventBytes  int64 // of one event; default 2 GiB - 1, as the original: the append limits it
	MaxConnections int   // more are closed at once; default 512
	// MaxUnfinishedBytes limits what all appends together hold that are still
	// being received or stored; more are refused. Default 256 MiB.
	MaxUnfinishedBytes int64

	// AdoptHead accepts the log as it stands, without comparing it with the
	// sidecar, and makes a new one. For an operator who has looked at a
	// *HeadError and knows what is missing; never set it by default.
	AdoptHead bool

	FS  vfs.FS       // for tests: a file system that fails; default the disk, or memory if Dir is empty
	Log *slog.Logger // default discards

	inMemory bool
	silence  time.Duration // how long a peer may be silent before it is asked, and then before it is cut off
}

const (
	defaultReserveBytes   = 64 << 20
	defaultMinFreeBytes   = 128 << 20
	defaultMaxAppendBytes = 1 << 20
	defaultMaxConnections = 512
	defaultMaxUnfinished  = 256 << 20
	defaultSilence        = 10 * time.Second
	memoryDir             = "eventnode"
)

// ErrLocked says that another process owns the data directory.
var ErrLocked = errors.New("the data directory is in use by another process")

// Node is a running event node. All methods are safe for concurrent use.
type Node struct {
	opts      Options
	log       *slog.Logger
	disk      *disk
	space     *space
	storage   *storage
	sidecar   *sidecar
	committer *committer
	lock      io.Closer
	tail      *tail
	head      atomic.Pointer[visibleHead]
	budget    budget

	roots     []byte // certificate in PEM
	listener  net.Listener
	server    *grpc.Server
	serving   sync.WaitGroup
	closing   chan struct{} // closed when Close begins
	closeOnce sync.Once
	closeErr  error

	mu      sync.Mutex // guards readers.Add against Close's Wait
	closed  bool
	readers sync.WaitGroup // storage accesses in hand

	done     chan struct{} // closed when the node fails or is closed
	doneOnce sync.Once
	failure  atomic.Pointer[error]
}

// visibleHead is what readers may see: what is durable, and where the log ends.
type visibleHead struct {
	Head
	end uint64
}

// Open opens or creates a node and serves it. Errors: *HeadError when the log
// lost events, ErrLocked when another process has Dir. The context limits the
// opening only.
func Open(ctx context.Context, opts Options) (*Node, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	n := &Node{
		opts: opts, log: opts.Log, tail: newTail(), budget: budget{limit: opts.MaxUnfinishedBytes},
		closing: make(chan struct{}), done: make(chan struct{}),
	}
	n.space = n.newSpace()
	n.disk = &disk{FS: opts.FS, fail: n.fail, broken: n.done, closing: n.closing, giveUp: n.space.giveUp}
	if err := n.untilFailed(n.openFiles); err != nil {
		if n.Err() != nil {
			return nil, fmt.Errorf("open event node: %w", n.Err())
		}
		return nil, errors.Join(err, n.closeFiles())
	}
	n.disk.opened.Store(true)
	go n.committer.run()
	if err := n.serve(ctx); err != nil {
		return nil, errors.Join(err, n.Close(ctx))
	}
	n.log.Info("event node open", "address", n.Addr(), "dir", opts.Dir, "events", n.Head().Events)
	return n, nil
}

func (o Options) withDefaults() (Options, error) {
	if o.Clock == nil {
		return o, errors.New("open event node: a clock is required")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.FS == nil {
		o.FS = vfs.Default
		if o.Dir == "" {
			o.FS = vfs.NewMem()
		}
	}
	if o.Dir == "" {
		o.Dir, o.ReserveBytes, o.inMemory = memoryDir, -1, true
	}
	if o.ReserveBytes == 0 {
		o.ReserveBytes = defaultReserveBytes
	}
	if o.MinFreeBytes == 0 {
		o.MinFreeBytes = defaultMinFreeBytes
	}
	if o.MaxAppendBytes == 0 {
		o.MaxAppendBytes = defaultMaxAppendBytes
	}
	if o.MaxEventBytes == 0 {
		o.MaxEventBytes = math.MaxInt32
	}
	if o.MaxUnfinishedBytes == 0 {
		o.MaxUnfinishedBytes = defaultMaxUnfinished
	}
	if o.silence == 0 {
		o.silence = defaultSilence
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = defaultMaxConnections
	}
	if o.AdminPassword == "" {
		o.AdminPassword = rand.Text()
	}
	return o, nil
}

// openFiles opens lock, log, sidecar and reserve, and compares log and sidecar.
func (n *Node) openFiles() error {
	fsys, dir := vfs.FS(n.disk), n.opts.Dir
	if err := fsys.MkdirAll(n.logDir(), 0o700); err != nil {
		return fmt.Errorf("make data directory %s: %w", dir, err)
	}
	if !n.opts.inMemory {
		if err := syncDir(fsys, fsys.PathDir(dir)); err != nil {
			return fmt.Errorf("sync the directory above %s: %w", dir, err)
		}
	}
	var err error
	n.lock, err = fsys.Lock(fsys.PathJoin(dir, "lock"))
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("lock %s: %w", dir, err)
	case err != nil:
		return fmt.Errorf("lock %s: %w: %w", dir, ErrLocked, err)
	}
	if n.storage, err = openStorage(fsys, n.logDir(), pebbleLog{n.log, n.fail}, n.space.forStart()); err != nil {
		return err
	}
	if n.storage.readOnly {
		n.log.Error("the disk is full: the log is open for reading only, until there is room")
	}
	last, _, err := n.storage.last()
	if err != nil {
		return err
	}
	have := headOf(last)
	restored, err := n.openSidecar(fsys.PathJoin(dir, "head"), have)
	if err != nil {
		return err
	}
	if restored {
		if last, _, err = n.storage.last(); err != nil {
			return err
		}
		n.log.Warn("the log lacked the last batches of writes, they were restored from the sidecar", "events", last.number-have.Events)
		have = headOf(last)
	}
	if !n.storage.readOnly { // then all that was found is synced, if it was not before
		if err := n.sidecar.write(heads{certain: have, coming: have}); err != nil {
			return err
		}
	}
	end := uint64(firstPosition)
	if have.Events > 0 {
		end = last.end()
	}
	n.head.Store(&visibleHead{Head: have, end: end})
	n.committer = n.newCommitter(have, end)
	n.space.open()
	return nil
}

func (n *Node) logDir() string { return n.opts.FS.PathJoin(n.opts.Dir, "log") }

// reopen opens a log for writing that was opened without room to write. Only the committer calls it.
func (n *Node) reopen() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.readers.Wait() // short: nobody waits for anything but the disk inside
	if err := n.storage.db.Close(); err != nil {
		return fmt.Errorf("close event log: %w", err)
	}
	db, err := openPebble(n.disk, n.logDir(), pebbleLog{n.log, n.fail}, false)
	if err != nil {
		return err
	}
	n.storage.db, n.storage.readOnly = db, false
	n.log.Info("there is room again: the log is open for writing")
	return nil
}

func (n *Node) openSidecar(path string, have Head) (restored bool, err error) {
	if n.opts.AdoptHead {
		if err := removeIfExists(n.disk, path); err != nil {
			return false, err
		}
	}
	s, remembered, err := openSidecar(n.disk, path)
	if errors.Is(err, fs.ErrNotExist) {
		if have.Events > 0 && !n.opts.AdoptHead {
			return false, &HeadError{Source: "sidecar", Reason: "the sidecar is missing", Have: have}
		}
		if err := createSidecar(n.disk, path); err != nil {
			return false, err
		}
		s, remembered, err = openSidecar(n.disk, path)
	}
	if err != nil {
		return false, &HeadError{Source: "sidecar", Reason: err.Error(), Have: have}
	}
	n.sidecar = s
	if n.opts.AdoptHead {
		return false, nil
	}
	return checkSidecar(n.storage, remembered, have)
}

func (n *Node) newSpace() *space {
	sp := &space{
		fs: n.opts.FS, reserve: n.opts.ReserveBytes, minFree: n.opts.MinFreeBytes, free: n.opts.FreeBytes, log: n.log,
	}
	if !n.opts.inMemory {
		sp.path = n.opts.FS.PathJoin(n.opts.Dir, "reserve")
	}
	if sp.free == nil && !n.opts.inMemory {
		sp.free = func() (int64, error) {
			usage, err := n.opts.FS.GetDiskUsage(n.opts.Dir)
			return int64(min(usage.AvailBytes, 1<<62)), err
		}
	}
	return sp
}

func (n *Node) newCommitter(head Head, end uint64) *committer {
	return &committer{
		storage: n.storage, sidecar: n.sidecar, space: n.space, clock: n.opts.Clock,
		publish: n.publish, fail: n.fail, failed: n.Err, broken: n.done, reopen: n.reopen,
		requests: make(chan *writeRequest, maxQueued), stop: make(chan struct{}), stopped: make(chan struct{}),
		states: newStateCache(cachedStreams), ids: newIDCache(), head: head, stored: head, end: end,
	}
}

func (n *Node) publish(head Head, end uint64) {
	n.head.Store(&visibleHead{Head: head, end: end})
	n.tail.notify()
}

// write hands a request to the committer and waits for its answer. A caller
// that goes away leaves a write that may still be stored.
func (n *Node) write(ctx context.Context, r *writeRequest) (writeResult, error) {
	r.ctx, r.done = ctx, make(chan writeAnswer, 1)
	if err := n.unavailable(); err != nil {
		return writeResult{}, err
	}
	if n.disk.full() { // and the committer may be waiting
		return writeResult{}, fmt.Errorf("%w: the disk is full", commands.ErrStorageFull)
	}
	select {
	case n.committer.requests <- r:
	case <-ctx.Done():
		return writeResult{}, ctx.Err()
	case <-n.committer.stopped:
		return writeResult{}, commands.ErrUnavailable
	}
	select {
	case a := <-r.done:
		return a.writeResult, a.err
	case <-ctx.Done():
		return writeResult{}, ctx.Err()
	case <-n.committer.stopped:
	}
	select { // the committer may have answered last thing
	case a := <-r.done:
		return a.writeResult, a.err
	default:
		return writeResult{}, commands.ErrUnavailable // came too late to be taken
	}
}

// unavailable says why the node takes no calls, or nil.
func (n *Node) unavailable() error {
	if err := n.Err(); err != nil {
		return fmt.Errorf("%w: %w", commands.ErrUnavailable, err)
	}
	select {
	case <-n.closing:
		return fmt.Errorf("%w: the node is closing", commands.ErrUnavailable)
	default:
		return nil
	}
}

// enter announces a storage access, so that Close waits for leave.
func (n *Node) enter() (leave func(), err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, fmt.Errorf("%w: the node is closed", commands.ErrUnavailable)
	}
	n.readers.Add(1)
	return n.readers.Done, nil
}

func (n *Node) fail(err error) {
	if n.failure.CompareAndSwap(nil, &err) {
		n.log.Error("event node failed, appends are refused", "error", err)
	}
	n.doneOnce.Do(func() { close(n.done) })
}

// Done is closed when the node has failed or is closed; Err tells which.
func (n *Node) Done() <-chan struct{} { return n.done }

// Err returns why the node failed, or nil. A failed node acknowledges no more
// appends; the program should stop and start anew.
func (n *Node) Err() error {
	if err := n.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// Head returns the newest durable event.
func (n *Node) Head() Head { return n.head.Load().Head }

// CheckHead compares the log with a checkpoint that somebody else kept. A
// *HeadError says that the log is shorter than the checkpoint or has another
// event at its position.
func (n *Node) CheckHead(_ context.Context, checkpoint eventschemas.Checkpoint) error {
	if checkpoint.Position == (eventschemas.Position{}) {
		return nil
	}
	leave, err := n.enter()
	if err != nil {
		return err
	}
	defer leave()
	return n.checkPosition("checkpoint", checkpoint.Position, &checkpoint)
}

func (n *Node) checkPosition(source string, at eventschemas.Position, known *eventschemas.Checkpoint) error {
	head := n.head.Load()
	wrong := &HeadError{Source: source, Want: Head{Position: at}, Have: head.Head}
	if known != nil {
		wrong.Want.EventID = known.EventID
	}
	if at.Commit >= head.end || at.Commit != at.Prepare {
		wrong.Reason = "its position is beyond the end of the log"
		return wrong
	}
	r, found, err := n.storage.event(at.Commit)
	switch {
	case err != nil:
		return err
	case !found:
		wrong.Reason = "the log has no event at its position"
		return wrong
	case known != nil && r.id != known.EventID:
		wrong.Reason = "the log has another event at its position"
		return wrong
	}
	return nil
}

// Addr is the host:port that the node listens on.
func (n *Node) Addr() string { return n.listener.Addr().String() }

// dialAddr is an address of this machine at which a client reaches the node.
func (n *Node) dialAddr() string {
	if tcp, ok := n.listener.Addr().(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return n.Addr()
}

// ConnectionString is for the official client. With TLS the client also
// needs CertPool in its Configuration, or CertificatePEM in a file named by
// tlsCAFile. It holds the password: do not log it.
func (n *Node) ConnectionString() string {
	u := url.URL{Scheme: "esdb", Host: n.dialAddr(), RawQuery: "tls=false"}
	if !n.opts.Insecure {
		u.User, u.RawQuery = url.UserPassword(adminUser, n.opts.AdminPassword), "tls=true"
	}
	return u.String()
}

// CertificatePEM is the certificate that clients must trust; nil without TLS.
func (n *Node) CertificatePEM() []byte { return n.roots }

// CertPool holds CertificatePEM; nil without TLS.
func (n *Node) CertPool() *x509.CertPool {
	if n.roots == nil {
		return nil
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(n.roots)
	return pool
}

// lastWrite is how long closing waits for the write in hand.
const lastWrite = 30 * time.Second

// Close ends subscriptions, lets writes in hand finish, and closes the log.
// The context limits the waiting for calls, not the closing of files. Calling
// it again returns the same answer.
func (n *Node) Close(ctx context.Context) error {
	n.closeOnce.Do(func() { n.closeErr = n.close(ctx) })
	return n.closeErr
}

func (n *Node) close(ctx context.Context) error {
	close(n.closing)
	n.stopServing(ctx)
	close(n.committer.stop)
	select {
	case <-n.committer.stopped:
	case <-time.After(lastWrite): // not ctx: the files must be closed, or nobody can open them again
		return errors.New("close event node: a write does not end, the files stay open")
	}
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.readers.Wait() // short: nobody waits for anything but the disk inside
	err := n.closeFiles()
	n.doneOnce.Do(func() { close(n.done) })
	return err
}

func (n *Node) stopServing(ctx context.Context) {
	if n.server == nil {
		return
	}
	stopped := make(chan struct{})
	go func() {
		n.server.GracefulStop()
		close(stopped)
	}()
	select {
	case <-stopped:
	case <-ctx.Done():
		n.server.Stop()
		<-stopped
	}
	n.serving.Wait()
}

// closeFiles closes what was opened. On a failed disk that would not end, so there only the folder is given free.
func (n *Node) closeFiles() error {
	closers := []func() error{}
	if n.storage != nil && n.Err() == nil {
		closers = append(closers, n.storage.db.Close)
	}
	if n.sidecar != nil && n.Err() == nil {
		closers = append(closers, n.sidecar.close)
	}
	if n.lock != nil {
		closers = append(closers, n.lock.Close)
	}
	if err := n.untilFailed(func() error {
		var errs []error
		for _, c := range closers {
			errs = append(errs, c())
		}
		return errors.Join(errs...)
	}); err != nil {
		return fmt.Errorf("close event node: %w", err)
	}
	return nil
}

// untilFailed runs step and ends with it, or when the disk fails meanwhile: then step does not end.
func (n *Node) untilFailed(step func() error) error {
	before := n.Err()
	ended := make(chan error, 1)
	go func() { ended <- step() }()
	if before != nil {
		return <-ended
	}
	select {
	case err := <-ended:
		return err
	case <-n.done:
		return n.Err()
	}
}
