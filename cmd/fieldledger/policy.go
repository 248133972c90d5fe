package main

// policyCmd groups what people do with policies at the machine itself.
type policyCmd struct {
	Show   policyShowCmd   `cmd:"" help:"List the versions of policies: whose they are, from when on they are in force, who wrote and who approved them."`
	Diff   policyDiffCmd   `cmd:"" help:"Compare two versions of a policy, or a version and a file. Exit code 0 equal, 1 different, 2 trouble."`
	Notice policyNoticeCmd `cmd:"" help:"Add the days of the yearly notice of holidays to a working calendar."`
}

// policyOwner names whose policies are meant.
type policyOwner struct {
	Site string `placeholder:"CODE" help:"Code of the site."`
	Set  string `placeholder:"NAME" help:"Name of the policy set, instead of a site."`
}
