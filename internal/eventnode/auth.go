package eventnode

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// adminUser is the node's only user. It may do all that the original allows
// to its administrators.
const adminUser = "admin"

// authenticator checks basic credentials; without TLS there is none, and
// everybody is the system user.
type authenticator struct{ password [sha256.Size]byte }

func newAuthenticator(password string) *authenticator {
	return &authenticator{password: sha256.Sum256([]byte(password))}
}

// allowed refuses wrong credentials on every method, and callers without
// credentials on the methods of streams.
func (a *authenticator) allowed(ctx context.Context, method string) error {
	known, err := a.authenticate(ctx)
	if err != nil {
		return err
	}
	if !known && strings.HasPrefix(method, "/"+streams.Streams_ServiceDesc.ServiceName+"/") {
		return errAccessDenied
	}
	return nil
}

// authenticate tells whether the caller is the administrator or has no credentials.
func (a *authenticator) authenticate(ctx context.Context) (bool, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	header := md.Get("authorization")
	if len(header) == 0 {
		return false, nil
	}
	encoded, isBasic := strings.CutPrefix(header[0], "Basic ")
	if !isBasic {
		return false, nil
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return false, errUnauthenticated
	}
	user, password, _ := strings.Cut(string(decoded), ":")
	sum := sha256.Sum256([]byte(password))
	if subtle.ConstantTimeCompare(sum[:], a.password[:])&subtle.ConstantTimeCompare([]byte(user), []byte(adminUser)) != 1 {
		return false, errUnauthenticated
	}
	return true, nil
}

func (a *authenticator) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if err := a.allowed(ctx, info.FullMethod); err != nil {
		return nil, withTrailer(func(md metadata.MD) { _ = grpc.SetTrailer(ctx, md) }, err)
	}
	return next(ctx, req)
}

func (a *authenticator) stream(srv any, s grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	if err := a.allowed(s.Context(), info.FullMethod); err != nil {
		if info.IsClientStream {
			drain(s, new(streams.AppendReq))
		}
		return withTrailer(s.SetTrailer, err)
	}
	return next(srv, s)
}

// checkWrite refuses what is denied to everybody when access is checked.
func (n *Node) checkWrite(stream string) error {
	if !n.opts.Insecure && (stream == "" || stream == "$all") {
		return errAccessDenied
	}
	return nil
}

func (n *Node) checkDelete(stream string) error {
	if !n.opts.Insecure && strings.HasPrefix(stream, metaPrefix) {
		return errAccessDenied
	}
	return n.checkWrite(stream)
}

func (n *Node) checkRead(stream string) error {
	if !n.opts.Insecure && stream == "" {
		return errAccessDenied
	}
	return nil
}
