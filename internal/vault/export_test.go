package vault

import "github.com/google/uuid"

// KeepsReadKey reports whether a key that was read from the database before
// other ran is still kept in memory afterwards.
func (v *Vault) KeepsReadKey(subject uuid.UUID, other func()) bool {
	_, epoch := v.keys.get(subject)
	other()
	v.keys.put(subject, &subjectKey{}, epoch)
	key, _ := v.keys.get(subject)
	return key != nil
}
