package eventschemas

import "github.com/fieldledger/fieldledger/domain"

// Sealed is a personal field as events and read models hold it (AUD-07).
type Sealed = domain.Sealed
