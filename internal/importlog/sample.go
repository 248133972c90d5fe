package importlog

import (
	_ "embed" // the sample and its mapping
	"slices"
)

//go:embed sample/servicenow_sample.csv.gz
var sample []byte

//go:embed servicenow.yaml
var sampleMapping []byte

// Sample returns the shipped log, gzip: 3,201 whole incidents of a real
// service desk (see sample/README.md for its origin and licence).
func Sample() []byte { return slices.Clone(sample) }

// SampleMapping returns the mapping file of the shipped log, a commented
// example that fits the whole data set too. It is for ParseMapping.
func SampleMapping() []byte { return slices.Clone(sampleMapping) }

// SampleCredit is to be shown wherever the sample or figures from it are.
const SampleCredit = "Data: Incident management process enriched event log, Claudio A. L. Amaral, " +
	"Marcelo Fantinato, Sarajane M. Peres (University of Sao Paulo), UCI Machine Learning Repository 498, " +
	"doi 10.24432/C57S4H, CC BY 4.0; subset."

//go:embed sample/tools.csv
var sampleTools []byte

//go:embed tools.yaml
var sampleToolMapping []byte

// SampleTools returns the shipped list of tools, CSV: 60 rows, four of them at fault.
func SampleTools() []byte { return slices.Clone(sampleTools) }

// SampleToolMapping returns the mapping file of the shipped list of tools, a
// commented example. It is for ParseToolMapping.
func SampleToolMapping() []byte { return slices.Clone(sampleToolMapping) }
