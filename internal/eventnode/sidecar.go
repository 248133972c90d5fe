package eventnode

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/eventschemas"
)

// Head names the newest event of the node.
type Head struct {
	Events   uint64                // number of events in the log, foreign and system ones too
	Position eventschemas.Position // of the newest event; zero for an empty log
	EventID  uuid.UUID             // of the newest event; nil for an empty log
}

// HeadError says that the log is shorter than, or different from, what is
// known to have been stored. The node must not be used: acknowledged events
// are missing, or the directory belongs to another log. Restore it.
type HeadError struct {
	Source string // who remembers: "sidecar" or "checkpoint"
	Reason string // what is wrong, in words
	Want   Head   // what is remembered (a checkpoint does not know Events)
	Have   Head   // what the log holds
}

// Error tells what is remembered and what the log holds.
func (e *HeadError) Error() string {
	return fmt.Sprintf("event log does not match its %s: %s (remembered event %s at position %d, number %d; the log ends with event %s at position %d, number %d)",
		e.Source, e.Reason, e.Want.EventID, e.Want.Position.Commit, e.Want.Events, e.Have.EventID, e.Have.Position.Commit, e.Have.Events)
}

const (
	sidecarMagic = 0x33444145484c4600 // "\0FLHEAD3"
	olderMagic   = 0x444145484c4600   // "\0FLHEAD", then the number of the form
	headBytes    = 32
	entryBytes   = 8 + 8 + 8 + 2*headBytes + 4 // before the batch; a checksum follows it
	blockBytes   = 4 << 10                     // entries begin at its multiples
	halfBytes    = 1 << 20
	copyBytes    = 2 * halfBytes
	// maxKept is the size of a batch that an entry can hold.
	maxKept = halfBytes - entryBytes - 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sidecar is a small file beside the log that holds the newest batches of it,
// and so remembers its head. It is on disk before an append is acknowledged;
// the log is synced later. A log that lost its end, however, is noticed at the
// next start, whatever the log itself believes, and gets it back (ADR 0025).
//
// The file has two copies, and a copy two halves, which are filled in turn:
// a half is written over once the log has synced all that it held. Entries
// follow each other from the start of a half, in both copies at the same
// place, and share no block, so that a damaged one or a torn write spoils no
// other. A batch too big for a half is synced in the log before the sidecar
// names its end.
type sidecar struct {
	file     vfs.File
	path     string
	sequence uint64 // of the newest entry
	run      uint64 // random, of the entries since the start: none can be made up in the data of an event
	half     int64
	at       int64  // where in the half the next entry begins
	entry    []byte // the next one
}

// heads is what one entry remembers.
type heads struct {
	certain Head   // the log has reached it when the entry is written
	coming  Head   // may have been acknowledged, but the log may lack what leads from certain to it
	batch   []byte // leads from certain to coming; empty if they are the same
}

type sidecarEntry struct {
	sequence, run uint64
	heads
}

// openSidecar opens the file and returns what it remembers: entries of which
// each goes on where the one before ended, at least one. fs.ErrNotExist if
// there is no file.
func openSidecar(fsys vfs.FS, path string) (s *sidecar, remembered []heads, err error) {
	data, err := readFile(fsys, path)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", path, err)
	}
	entries, half := newestEntries(data)
	if len(entries) == 0 {
		return nil, nil, fmt.Errorf("read %s: %w", path, damaged(data))
	}
	file, err := fsys.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", path, err)
	}
	for _, e := range entries {
		remembered = append(remembered, e.heads)
	}
	s = &sidecar{file: file, path: path, sequence: entries[len(entries)-1].sequence, half: half, at: halfBytes}
	var run [8]byte
	_, _ = rand.Read(run[:]) // never fails
	s.run = binary.LittleEndian.Uint64(run[:])
	return s, remembered, nil
}

// createSidecar makes the file under another name first: a start that is cut
// off leaves none, and never one that passes for damaged.
func createSidecar(fsys vfs.FS, path string) error {
	file, err := fsys.Create(path+".new", vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("create %s.new: %w", path, err)
	}
	_, err = file.Write(firstSidecar())
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("fill %s.new: %w", path, err)
	}
	if err := errors.Join(fsys.Rename(path+".new", path), syncDir(fsys, fsys.PathDir(path))); err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	return nil
}

// firstSidecar is the file of an empty log, in its whole length, so that later writes change none.
func firstSidecar() []byte {
	data := make([]byte, 2*copyBytes)
	first := sidecarEntry{sequence: 1}.encode(nil)
	copy(data, first)
	copy(data[copyBytes:], first)
	return data
}

// write remembers h and returns once that is on disk. For use before the committer.
func (s *sidecar) write(h heads) error {
	s.prepare(h)
	return s.put()
}

// prepare copies h, so that its batch may change before put has ended, and
// tells whether it will write over what the older half holds.
func (s *sidecar) prepare(h heads) (turns bool) {
	s.entry = sidecarEntry{sequence: s.sequence + 1, run: s.run, heads: h}.encode(s.entry[:0])
	if turns = s.at+int64(len(s.entry)) > halfBytes; turns {
		s.half, s.at = 1-s.half, 0
	}
	return turns
}

// put writes what was prepared and returns once that is on disk.
func (s *sidecar) put() error {
	for _, start := range []int64{0, copyBytes} {
		if _, err := s.file.WriteAt(s.entry, start+s.half*halfBytes+s.at); err != nil {
			return fmt.Errorf("write %s: %w", s.path, err)
		}
	}
	if err := s.file.SyncData(); err != nil {
		return fmt.Errorf("sync %s: %w", s.path, err)
	}
	s.sequence++
	s.at += int64(len(s.entry))
	return nil
}

func (s *sidecar) close() error { return s.file.Close() }

// encode fills whole blocks.
func (e sidecarEntry) encode(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, sidecarMagic)
	b = binary.LittleEndian.AppendUint64(b, e.sequence)
	b = binary.LittleEndian.AppendUint64(b, e.run)
	for _, h := range []Head{e.certain, e.coming} {
		b = binary.LittleEndian.AppendUint64(b, h.Events)
		b = binary.LittleEndian.AppendUint64(b, h.Position.Commit)
		b = append(b, h.EventID[:]...)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(e.batch))) //nolint:gosec // at most maxKept
	b = append(b, e.batch...)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	return append(b, make([]byte, inBlocks(len(b))-len(b))...)
}

func inBlocks(size int) int { return (size + blockBytes - 1) / blockBytes * blockBytes }

// decodeEntry reads the entry at the start of b, and what it takes there.
func decodeEntry(b []byte) (e sidecarEntry, size int, ok bool) {
	if len(b) < entryBytes || binary.LittleEndian.Uint64(b) != sidecarMagic {
		return e, 0, false
	}
	end := entryBytes + int(min(binary.LittleEndian.Uint32(b[entryBytes-4:]), maxKept))
	if len(b) < end+4 || crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
		return e, 0, false
	}
	return sidecarEntry{
		sequence: binary.LittleEndian.Uint64(b[8:]), run: binary.LittleEndian.Uint64(b[16:]),
		heads: heads{
			certain: decodeHead(b[24:]), coming: decodeHead(b[24+headBytes:]),
			batch: append([]byte(nil), b[entryBytes:end]...),
		},
	}, inBlocks(end + 4), true
}

func decodeHead(b []byte) Head {
	position := binary.LittleEndian.Uint64(b[8:])
	h := Head{
		Events:   binary.LittleEndian.Uint64(b),
		Position: eventschemas.Position{Commit: position, Prepare: position},
	}
	copy(h.EventID[:], b[16:headBytes])
	return h
}

// newestEntries returns the entries that lead to the newest one without a
// break, and the half where that is. A torn write leaves those before it,
// which are older by an append that was never acknowledged.
func newestEntries(data []byte) (entries []sidecarEntry, half int64) {
	older, newer := entriesOf(data, 0), entriesOf(data, 1)
	half = 1
	if len(newer) == 0 || len(older) > 0 && older[len(older)-1].sequence > newer[len(newer)-1].sequence {
		older, newer, half = newer, older, 0
	}
	entries = slices.Concat(older, newer)
	for i := len(entries) - 1; i > 0; i-- {
		if before := entries[i-1]; before.sequence+1 != entries[i].sequence || before.coming != entries[i].certain {
			return entries[i:], half
		}
	}
	return entries, half
}

// entriesOf reads the entries of a half, as far as they follow each other.
func entriesOf(data []byte, half int64) (entries []sidecarEntry) {
	for at := half * halfBytes; at < (half+1)*halfBytes; {
		e, size, found := entryAt(data, at, (half+1)*halfBytes)
		if !found || len(entries) > 0 && (e.run != entries[0].run || e.sequence != entries[len(entries)-1].sequence+1) {
			return entries // what follows is older
		}
		entries = append(entries, e)
		at += int64(size)
	}
	return entries
}

// entryAt reads an entry from the copy that has it whole, or newer.
func entryAt(data []byte, at, end int64) (newest sidecarEntry, size int, found bool) {
	for range 2 {
		if to := min(end, int64(len(data))); at < to {
			if e, n, ok := decodeEntry(data[at:to]); ok && (!found || e.sequence > newest.sequence) {
				newest, size, found = e, n, true
			}
		}
		at, end = at+copyBytes, end+copyBytes
	}
	return newest, size, found
}

// damaged says why data is no sidecar.
func damaged(data []byte) error {
	for _, slot := range []int{0, 256 << 10} { // where the older form has its two
		if len(data) < slot+8 {
			continue
		}
		if magic := binary.LittleEndian.Uint64(data[slot:]); magic != sidecarMagic && magic&(1<<56-1) == olderMagic {
			return errors.New("it was written by an older version of this program (form " + string(data[slot+7:slot+8]) + ")")
		}
	}
	return errors.New("both copies are damaged")
}

func readFile(fsys vfs.FS, path string) ([]byte, error) {
	file, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(file)
	return data, errors.Join(err, file.Close())
}

func syncDir(fsys vfs.FS, dir string) error {
	d, err := fsys.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// headOf is the head of a log that ends with r.
func headOf(r record) Head {
	return Head{
		Events: r.number, EventID: r.id,
		Position: eventschemas.Position{Commit: r.position, Prepare: r.position},
	}
}

// checkSidecar compares what the sidecar remembers with the log, which may be
// longer by events that were stored but not acknowledged. A log that lacks
// just the last batches gets them from the sidecar; restored says so.
func checkSidecar(s *storage, remembered []heads, have Head) (restored bool, err error) {
	mismatch := func(reason string) error {
		return &HeadError{Source: "sidecar", Reason: reason, Want: remembered[len(remembered)-1].coming, Have: have}
	}
	certain, coming := remembered[0].certain, remembered[len(remembered)-1].coming
	if have.Events < certain.Events {
		return false, mismatch("the log is shorter")
	}
	if err := checkRemembered(s, certain, have); err != nil {
		return false, err
	}
	if have.Events >= coming.Events {
		return false, checkRemembered(s, coming, have)
	}
	lacking := remembered
	for lacking[0].coming.Events <= have.Events {
		lacking = lacking[1:]
	}
	if lacking[0].certain != have {
		return false, mismatch("the log ends within a batch, or with another event")
	}
	if err := s.apply(lacking); err != nil {
		return false, fmt.Errorf("put the last batches of writes into the log again: %w", err)
	}
	last, _, err := s.last()
	if err != nil {
		return false, err
	}
	return true, checkRemembered(s, coming, headOf(last))
}

// checkRemembered looks for an event that the log is long enough to hold.
func checkRemembered(s *storage, want, have Head) error {
	mismatch := func(reason string) error {
		return &HeadError{Source: "sidecar", Reason: reason, Want: want, Have: have}
	}
	if want.Events == 0 {
		return nil
	}
	r, found, err := s.event(want.Position.Commit)
	switch {
	case err != nil:
		return err
	case !found || r.number != want.Events:
		return mismatch("the log has no such event there")
	case r.id != want.EventID:
		return mismatch("the log has another event there")
	}
	return nil
}

func removeIfExists(fsys vfs.FS, path string) error {
	if err := fsys.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}
