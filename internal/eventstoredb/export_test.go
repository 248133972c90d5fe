package eventstoredb

// Addresses are those that a connection string names.
func Addresses(connection string) ([]string, error) {
	o := Options{ConnectionString: connection}
	config, err := o.configure()
	if err != nil {
		return nil, err
	}
	return addresses(config), nil
}
