package messages

// Catalogue returns the texts by language and key.
func Catalogue() map[string]map[string]string { return catalogue() }
