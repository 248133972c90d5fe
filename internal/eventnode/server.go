package eventnode

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

const (
	maxMessageBytes = 16_777_216 - 10_000
	// fastestPing allows the client's pings every 10 s with a wide margin;
	// the default of the library would close the connection for them.
	fastestPing        = time.Second
	maxConcurrentCalls = 256      // of one connection
	maxHeaderBytes     = 16 << 10 // of one call
	// streamWorkers keep their stacks from call to call; calls beyond them get a goroutine of their own.
	streamWorkers = 32
)

// server implements the gRPC services on a node.
type server struct {
	streams.UnimplementedStreamsServer
	*Node
}

func (n *Node) serve(ctx context.Context) error {
	var err error
	n.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", n.opts.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", n.opts.Listen, err)
	}
	options, err := n.serverOptions()
	if err != nil {
		return errors.Join(err, n.listener.Close())
	}
	n.server = grpc.NewServer(options...)
	streams.RegisterStreamsServer(n.server, &server{Node: n})
	serverfeatures.RegisterServerFeaturesServer(n.server, &features{})
	gossip.RegisterGossipServer(n.server, &gossipServer{node: n, id: uuid.New()})
	n.serving.Go(func() {
		err := n.server.Serve(&limitedListener{Listener: n.listener, limit: n.opts.MaxConnections})
		if err != nil && !errors.Is(err, grpc.ErrServerStopped) { // stopped before it began
			n.fail(fmt.Errorf("serve %s: %w", n.opts.Listen, err))
		}
	})
	return nil
}

func (n *Node) serverOptions() ([]grpc.ServerOption, error) {
	options := []grpc.ServerOption{
		grpc.ForceServerCodecV2(newCodec()), grpc.MaxRecvMsgSize(maxMessageBytes),
		grpc.MaxConcurrentStreams(maxConcurrentCalls), grpc.MaxHeaderListSize(maxHeaderBytes), grpc.ConnectionTimeout(n.opts.silence),
		grpc.NumStreamWorkers(streamWorkers),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: n.opts.silence, Timeout: n.opts.silence}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: fastestPing, PermitWithoutStream: true}),
	}
	host, _, err := net.SplitHostPort(n.opts.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen address: %w", err)
	}
	if n.opts.Insecure {
		if !isLoopback(n.listener.Addr()) {
			return nil, fmt.Errorf("%s is not loopback: without TLS the node listens on loopback only", n.Addr())
		}
		return options, nil
	}
	certificate := n.opts.Certificate
	if certificate == nil {
		made, err := newCertificate(host)
		if err != nil {
			return nil, err
		}
		certificate = &made
	}
	if n.roots, err = certificatePEM(*certificate); err != nil {
		return nil, err
	}
	a := newAuthenticator(n.opts.AdminPassword)
	return append(options,
		grpc.Creds(credentials.NewTLS(&tls.Config{
			Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12,
		})),
		grpc.ChainUnaryInterceptor(a.unary), grpc.ChainStreamInterceptor(a.stream),
	), nil
}

func isLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
