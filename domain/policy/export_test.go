package policy

// DecideWithMoney decides as if kind were one of money (POL-05).
func DecideWithMoney(kind Kind) func(State, Command) ([]Event, error) {
	table := kinds()
	rule := table[kind]
	rule.money = true
	table[kind] = rule
	return table.decide
}
