package postgres

import (
	"os"
	"syscall"
)

// unnamed is the id that every Linux system knows as nobody.
const unnamed = 65534

// namespaceIdentity runs programs in a user namespace in which our own id
// appears as nobody. Files keep their owner, so nothing is chowned and folders
// that only we may enter can be used.
func namespaceIdentity() []identity {
	return []identity{{
		name: identityNamespace, uid: os.Geteuid(), gid: os.Getegid(),
		attr: func() *syscall.SysProcAttr {
			return &syscall.SysProcAttr{
				Cloneflags:  syscall.CLONE_NEWUSER,
				UidMappings: []syscall.SysProcIDMap{{ContainerID: unnamed, HostID: os.Geteuid(), Size: 1}},
				GidMappings: []syscall.SysProcIDMap{{ContainerID: unnamed, HostID: os.Getegid(), Size: 1}},
			}
		},
	}}
}
