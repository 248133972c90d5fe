package importlog

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fieldledger/fieldledger/commands"
	"github.com/fieldledger/fieldledger/domain"
	"github.com/fieldledger/fieldledger/domain/policy"
	"github.com/fieldledger/fieldledger/domain/tool"
)

// toolTarget is what a list of tools is brought into. tool is safe for concurrent use.
type toolTarget interface {
	person(ctx context.Context, key domain.ExternalKey, name string, at time.Time) (uuid.UUID, error)
	team(ctx context.Context, key domain.ExternalKey, name string, at time.Time) (uuid.UUID, error)
	tool(ctx context.Context, in commands.ImportedTool) (commands.Imported, error)
}

// target makes sure of the site and its rules of tools.
func (im *toolImporter) target(ctx context.Context) (toolTarget, error) {
	shared := &importer{
		Options: Options{Mapping: &Mapping{Site: im.Mapping.Site, Policies: im.Mapping.Rules}, App: im.App, Request: im.Request}, log: im.Log,
	}
	if !im.DryRun {
		to := installedTools{installation{shared}}
		return to, to.site(ctx)
	}
	var versions []policy.Recorded
	for _, v := range im.Mapping.Rules {
		events, err := policy.Decide(policy.State{}, recordOf(v, im.Mapping.Site.Code, v.content))
		if err != nil {
			return nil, fmt.Errorf("decide policy %s: %w", v.Kind, err)
		}
		for _, e := range events {
			versions = append(versions, policy.Recorded{Version: policy.Evolve(policy.State{}, e).Last})
		}
	}
	book, err := policy.NewBook(versions)
	if err != nil {
		return nil, fmt.Errorf("rules of tools: %w", err)
	}
	return toolTrial{site: im.Mapping.Site.Code, book: book, read: len(versions) == 0}, nil
}

// installedTools is the target of a real import.
type installedTools struct{ installation }

func (t installedTools) person(ctx context.Context, key domain.ExternalKey, name string, at time.Time) (uuid.UUID, error) {
	return retry(ctx, t.im.log, func() (uuid.UUID, error) {
		return t.im.App.Imports.Person(ctx, t.request(), t.code(), key, name, at)
	})
}

func (t installedTools) team(ctx context.Context, key domain.ExternalKey, name string, at time.Time) (uuid.UUID, error) {
	return retry(ctx, t.im.log, func() (uuid.UUID, error) {
		return t.im.App.Imports.Team(ctx, t.request(), t.code(), key, name, at)
	})
}

func (t installedTools) tool(ctx context.Context, in commands.ImportedTool) (commands.Imported, error) {
	return retry(ctx, t.im.log, func() (commands.Imported, error) { return t.im.App.Imports.Tool(ctx, t.im.Request, in) })
}

// toolTrial decides by the rules of the mapping and keeps nothing.
type toolTrial struct {
	ids  commands.IDs
	site string
	book *policy.Book
	read bool // there are no rules to decide by
}

func (t toolTrial) person(_ context.Context, key domain.ExternalKey, _ string, _ time.Time) (uuid.UUID, error) {
	return t.ids.External("person", t.site, key.System, key.Key), nil
}

func (t toolTrial) team(_ context.Context, key domain.ExternalKey, _ string, _ time.Time) (uuid.UUID, error) {
	return t.ids.External("team", t.site, key.System, key.Key), nil
}

func (t toolTrial) tool(_ context.Context, in commands.ImportedTool) (commands.Imported, error) {
	if t.read {
		return commands.Imported{}, nil
	}
	r := in.Tool
	events, err := tool.Decide(tool.State{}, tool.Register{
		At: domain.At(in.At), Site: r.Site, Number: r.Number, Kind: r.Kind, Name: r.Name, Spec: r.Spec, Brand: r.Brand, Batch: r.Batch,
		PriceFen: r.PriceFen, PurchasedOn: r.PurchasedOn, Use: r.Use, Store: r.Store, Holder: r.Holder, Book: t.book,
	})
	return commands.Imported{Events: len(events)}, err
}
