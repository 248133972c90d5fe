package api

import (
	"bytes"
	"context"
)

// GetHead answers the log number that a moment means.
func (s *Server) GetHead(ctx context.Context, in GetHeadRequestObject) (GetHeadResponseObject, error) {
	m, err := s.moment(ctx, in.Params.AsOf, in.Params.MinPosition)
	if err != nil {
		return nil, err
	}
	seen, err := s.Progress.At(ctx, m)
	return GetHead200JSONResponse(seen), err
}

// GetHealth answers 200 while commands can be taken, even if a projection has
// halted: it says so, and the others go on. 503 means that the store or PostgreSQL is gone.
func (s *Server) GetHealth(ctx context.Context, _ GetHealthRequestObject) (GetHealthResponseObject, error) {
	h := s.Progress.Health(ctx)
	h.Projections, h.Alarms = filled(h.Projections), []Alarm{}
	if h.Status != HealthStatusDown {
		alarms, err := s.alarms(ctx)
		if err != nil {
			s.Log.WarnContext(ctx, "alarms not known", "error", err)
			h.Status = HealthStatusDegraded
		}
		h.Alarms = filled(alarms)
	}
	if h.Status == HealthStatusDown {
		return GetHealth503JSONResponse(h), nil
	}
	return GetHealth200JSONResponse(h), nil
}

// GetOpenAPI answers the file that this API is made from.
func (s *Server) GetOpenAPI(context.Context, GetOpenAPIRequestObject) (GetOpenAPIResponseObject, error) {
	return GetOpenAPI200ApplicationyamlResponse{Body: bytes.NewReader(openAPI), ContentLength: int64(len(openAPI))}, nil
}

// EraseSubject destroys the key of a subject (AUD-07). Again it changes nothing,
// so the Idempotency-Key needs no record.
func (s *Server) EraseSubject(ctx context.Context, in EraseSubjectRequestObject) (EraseSubjectResponseObject, error) {
	reason := exchangeOf(ctx).actor.Person + ": " + in.Params.Reason
	if err := s.Eraser.Destroy(ctx, in.Id, reason); err != nil {
		return nil, err
	}
	return EraseSubject204Response{}, nil
}
