package eventnode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"

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
	sidecarMagic = 0x32444145484c4600 // "\0FLHEAD2"
	headBytes    = 32
	slotBytes    = 16 + 2*headBytes + 4 // before the batch; its checksum follows it
	slotSpacing  = 256 << 10
	// maxKept is the size of a batch that a slot can hold.
	maxKept = slotSpacing - slotBytes - 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sidecar is a small file beside the log that remembers the log's head. It is
// on disk before an append is acknowledged, so a log that lost its end is
// noticed at the next start, whatever the log itself believes.
//
// Log and sidecar are synced at the same time, because one after the other
// would double the time of every append. So a crash can leave a sidecar that
// is one batch ahead of the log, and nobody could tell then whether that batch
// was acknowledged. Therefore a slot holds the batch itself, and a start puts
// it at the end of a log that lacks it (ADR 0016). A batch too big for a slot
// is synced before the sidecar.
type sidecar struct {
	file     vfs.File
	path     string
	sequence uint64
	slot     []byte // scratch
}

// heads is what the sidecar remembers.
type heads struct {
	certain Head   // the log holds it for certain
	coming  Head   // may have been acknowledged, but the log may lack what leads from certain to it
	batch   []byte // leads from certain to coming; empty if they are the same
}

type sidecarSlot struct {
	sequence uint64
	heads
}

// openSidecar opens or makes the file and returns what it remembers.
// Exists is false if there was none.
func openSidecar(fsys vfs.FS, path string) (s *sidecar, remembered heads, exists bool, err error) {
	data, err := readFile(fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		s, err = createSidecar(fsys, path)
		return s, heads{}, false, err
	}
	if err != nil {
		return nil, heads{}, false, fmt.Errorf("read %s: %w", path, err)
	}
	newest, err := newestSlot(data)
	if err != nil {
		return nil, heads{}, true, fmt.Errorf("read %s: %w", path, err)
	}
	file, err := fsys.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, heads{}, true, fmt.Errorf("open %s: %w", path, err)
	}
	return &sidecar{file: file, path: path, sequence: newest.sequence}, newest.heads, true, nil
}

// createSidecar makes the file under another name first: a start that is cut
// off leaves none, and never one that passes for damaged.
func createSidecar(fsys vfs.FS, path string) (*sidecar, error) {
	if err := fillSidecar(fsys, path+".new"); err != nil {
		return nil, err
	}
	if err := errors.Join(fsys.Rename(path+".new", path), syncDir(fsys, fsys.PathDir(path))); err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	file, err := fsys.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return &sidecar{file: file, path: path, sequence: 2}, nil
}

// fillSidecar makes both slots, so that a damaged one never leaves a file
// without a whole one, and all of their room, so that later writes change no length.
func fillSidecar(fsys vfs.FS, path string) error {
	file, err := fsys.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	slots := make([]byte, 2*slotSpacing)
	for sequence := range uint64(2) {
		slot := sidecarSlot{sequence: sequence + 1}
		copy(slots[slot.offset():], slot.encode(nil))
	}
	_, err = file.Write(slots)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("fill %s: %w", path, err)
	}
	return nil
}

// write remembers h and returns once that is on disk.
func (s *sidecar) write(h heads) error {
	s.prepare(h)
	return s.put()
}

// prepare copies h, so that its batch may change before put has ended.
func (s *sidecar) prepare(h heads) {
	s.slot = sidecarSlot{sequence: s.sequence + 1, heads: h}.encode(s.slot[:0])
}

// put writes what was prepared and returns once that is on disk.
func (s *sidecar) put() error {
	if _, err := s.file.WriteAt(s.slot, sidecarSlot{sequence: s.sequence + 1}.offset()); err != nil {
		return fmt.Errorf("write %s: %w", s.path, err)
	}
	if err := s.file.SyncData(); err != nil {
		return fmt.Errorf("sync %s: %w", s.path, err)
	}
	s.sequence++
	return nil
}

func (s *sidecar) close() error { return s.file.Close() }

func (s sidecarSlot) offset() int64 { return int64(s.sequence%2) * slotSpacing }

func (s sidecarSlot) encode(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, sidecarMagic)
	b = binary.LittleEndian.AppendUint64(b, s.sequence)
	for _, h := range []Head{s.certain, s.coming} {
		b = binary.LittleEndian.AppendUint64(b, h.Events)
		b = binary.LittleEndian.AppendUint64(b, h.Position.Commit)
		b = append(b, h.EventID[:]...)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s.batch))) //nolint:gosec // at most maxKept
	b = append(b, s.batch...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeSlot(b []byte) (sidecarSlot, bool) {
	if len(b) < slotBytes || binary.LittleEndian.Uint64(b) != sidecarMagic {
		return sidecarSlot{}, false
	}
	end := slotBytes + int(min(binary.LittleEndian.Uint32(b[slotBytes-4:]), maxKept))
	if len(b) < end+4 || crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
		return sidecarSlot{}, false
	}
	return sidecarSlot{
		sequence: binary.LittleEndian.Uint64(b[8:]),
		heads: heads{
			certain: decodeHead(b[16:]), coming: decodeHead(b[16+headBytes:]),
			batch: append([]byte(nil), b[slotBytes:end]...),
		},
	}, true
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

// newestSlot picks the newer of the valid slots. A torn write leaves the other
// one, which is older by an append that was never acknowledged.
func newestSlot(data []byte) (sidecarSlot, error) {
	var newest sidecarSlot
	found := false
	for offset := 0; offset < 2*slotSpacing && offset < len(data); offset += slotSpacing {
		slot, ok := decodeSlot(data[offset:])
		if ok && slot.sequence > newest.sequence {
			newest, found = slot, true
		}
	}
	if !found {
		return newest, errors.New("both slots are damaged")
	}
	return newest, nil
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
// just the last batch gets it from the sidecar; restored says so.
func checkSidecar(s *storage, want heads, exists bool, have Head) (restored bool, err error) {
	if !exists && have.Events > 0 {
		return false, &HeadError{Source: "sidecar", Reason: "the sidecar is missing", Have: have}
	}
	if have.Events < want.certain.Events {
		return false, &HeadError{Source: "sidecar", Reason: "the log is shorter", Want: want.coming, Have: have}
	}
	if err := checkRemembered(s, want.certain, have); err != nil {
		return false, err
	}
	if have.Events >= want.coming.Events {
		return false, checkRemembered(s, want.coming, have)
	}
	if have.Events != want.certain.Events || len(want.batch) == 0 {
		return false, &HeadError{Source: "sidecar", Reason: "the log ends within a batch", Want: want.coming, Have: have}
	}
	if err := s.apply(want.batch); err != nil {
		return false, fmt.Errorf("put the last batch of writes into the log again: %w", err)
	}
	last, _, err := s.last()
	if err != nil {
		return false, err
	}
	return true, checkRemembered(s, want.coming, headOf(last))
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
