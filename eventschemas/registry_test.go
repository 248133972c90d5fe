package eventschemas_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldledger/fieldledger/eventschemas"
)

type movedV1 struct {
	Metres int `json:"metres"`
}

type movedV2 struct {
	DistanceM int    `json:"distance_m"`
	Unit      string `json:"unit"`
}

type moved struct {
	DistanceMM int `json:"distance_mm"`
}

func upV1(e movedV1) movedV2 { return movedV2{DistanceM: e.Metres, Unit: "m"} }
func upV2(e movedV2) moved   { return moved{DistanceMM: 1000 * e.DistanceM} }

func TestOlderVersionsPassEveryUpcasterToTheNewest(t *testing.T) {
	t.Parallel()
	r, err := eventschemas.NewRegistry(
		eventschemas.Older("tool.moved.v1", upV1),
		eventschemas.Older("tool.moved.v2", upV2),
		eventschemas.Newest[moved]("tool.moved.v3"),
	)
	require.NoError(t, err)
	for typ, data := range map[string]string{
		"tool.moved.v1": `{"metres":3}`,
		"tool.moved.v2": `{"distance_m":3,"unit":"m"}`,
		"tool.moved.v3": `{"distance_mm":3000}`,
	} {
		got, err := r.Decode(typ, []byte(data))
		require.NoError(t, err, typ)
		require.Equal(t, moved{DistanceMM: 3000}, got, typ)
	}
	_, err = r.Decode("tool.moved.v1", []byte(`{"distance_mm":3000}`))
	require.Error(t, err, "each version is read by its own form")
}

func TestARegistryRefusesGapsCyclesAndRepeats(t *testing.T) {
	t.Parallel()
	_, err := eventschemas.NewRegistry(eventschemas.Older("tool.moved.v1", upV1))
	require.ErrorContains(t, err, "no newest version")
	_, err = eventschemas.NewRegistry(
		eventschemas.Older("tool.moved.v1", upV1),
		eventschemas.Older("tool.moved.v2", func(movedV2) movedV1 { return movedV1{} }),
	)
	require.ErrorContains(t, err, "no newest version")
	_, err = eventschemas.NewRegistry(eventschemas.Newest[moved]("tool.moved.v1"), eventschemas.Newest[moved]("tool.moved.v2"))
	require.ErrorContains(t, err, "registered twice")
	_, err = eventschemas.NewRegistry(eventschemas.Newest[moved]("tool.moved.v1"), eventschemas.Newest[movedV1]("tool.moved.v1"))
	require.ErrorContains(t, err, "registered twice")
}
