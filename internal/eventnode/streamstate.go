package eventnode

// streamState is what the committer knows of a stream: what is stored plus
// what the batch in hand will store.
type streamState struct {
	streamHead
	metadata     streamMetadata // ignored for metadata streams
	metadataJSON []byte         // newest metadata event, for recreation
	metadataFlag bool           // it was flagged JSON
	hasMetadata  bool           // the metadata stream has events
}

func (s *streamState) setMetadata(isJSON bool, data []byte) {
	s.metadata = parseMetadata(isJSON, data)
	s.metadataJSON, s.metadataFlag, s.hasMetadata = data, isJSON, true
}

// stateCache keeps the states of recently written streams. It has two
// generations and drops the older when the younger is full, which is simpler
// than an exact order and forgets only what was not used for a whole generation.
type stateCache struct {
	young, old map[string]*streamState
	limit      int // states in a generation
}

func newStateCache(limit int) *stateCache {
	return &stateCache{young: map[string]*streamState{}, limit: limit}
}

func (c *stateCache) get(stream string) *streamState {
	if s, ok := c.young[stream]; ok {
		return s
	}
	s, ok := c.old[stream]
	if !ok {
		return nil
	}
	c.put(stream, s)
	return s
}

func (c *stateCache) put(stream string, s *streamState) {
	c.young[stream] = s
}

// turn starts a new generation if the young one is full. It is called between
// batches only: a state that a batch has changed must stay until it is stored.
func (c *stateCache) turn() {
	if len(c.young) >= c.limit {
		c.young, c.old = map[string]*streamState{}, c.young
	}
}

// loadState reads the state of stream from disk. For the committer only.
func (s *storage) loadState(stream string) (*streamState, error) {
	head, err := s.streamHead(stream)
	if err != nil {
		return nil, err
	}
	state := &streamState{streamHead: head}
	if original, isMeta := originalOf(stream); isMeta {
		o, err := s.streamHead(original)
		state.tombstoned = state.tombstoned || o.tombstoned
		return state, err
	}
	if !s.hasMetadata {
		return state, nil
	}
	meta, err := s.streamHead(metaStreamOf(stream))
	if err != nil || meta.last < 0 {
		return state, err
	}
	position, found, err := s.position(metaStreamOf(stream), uint64(meta.last))
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errGap
	}
	r, found, err := s.event(position)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errGap
	}
	state.setMetadata(r.json, r.data)
	return state, nil
}
