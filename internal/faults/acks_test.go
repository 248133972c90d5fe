package faults_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// ack is an append that was acknowledged.
type ack struct {
	stream      string
	first, last uint64
	position    uint64 // of its last event
}

// ackFile notes acknowledgements on a disk that does not fail; each is there before the next append. Its writes are synced by
// the file's mode, so that a test that counts or breaks syncs of the node does not meet them.
type ackFile struct{ file *os.File }

func openAcks(path string) (ackFile, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_DSYNC, 0o600)
	return ackFile{file}, err
}

func (a ackFile) note(k ack) error {
	_, err := fmt.Fprintf(a.file, "%s %d %d %d\n", k.stream, k.first, k.last, k.position)
	return err
}

// readAcks reads what was noted; a last line without its end was being written when its process was killed.
func readAcks(path string) ([]ack, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	acks := []ack{}
	lines := strings.Split(string(data), "\n")
	for _, line := range lines[:len(lines)-1] {
		var k ack
		if _, err := fmt.Sscanf(line, "%s %d %d %d", &k.stream, &k.first, &k.last, &k.position); err != nil {
			return nil, fmt.Errorf("acknowledgement %q: %w", line, err)
		}
		acks = append(acks, k)
	}
	return acks, nil
}
