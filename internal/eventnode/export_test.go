package eventnode

// Waiting tells how many writes wait for the committer.
func (n *Node) Waiting() int { return len(n.committer.requests) }
