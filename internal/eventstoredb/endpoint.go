package eventstoredb

import "crypto/tls"

// Endpoint is where and how a client of another kind reaches the store: the
// suite of the server's rules speaks the protocol itself.
type Endpoint struct {
	Address        string      // host:port; of several in the connection string the first
	TLS            *tls.Config // nil without TLS
	User, Password string      // empty without credentials
}

// EndpointOf reads the connection string of o. An error means that the options are wrong.
func EndpointOf(o Options) (Endpoint, error) {
	config, err := o.configure()
	if err != nil {
		return Endpoint{}, err
	}
	e := Endpoint{Address: addresses(config)[0]}
	if config.DisableTLS {
		return e, nil
	}
	e.TLS = &tls.Config{
		RootCAs: config.RootCAs, MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: config.SkipCertificateVerification, //nolint:gosec // asked for by tlsVerifyCert=false
	}
	e.User, e.Password = config.Username, config.Password
	return e, nil
}
