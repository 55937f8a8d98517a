package bulk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse/idp"
	"gatehouse/settings"
)

// Verbs of a step.
const (
	StepCreate = "create"
	StepUpdate = "update"
	StepDelete = "delete"
)

// Step is one thing that has to be done so that what there is becomes what the file says.
type Step struct {
	Verb    string       `json:"verb"`
	Kind    string       `json:"kind"` // "role", "client" or "settings"
	ID      string       `json:"id"`
	Changes []idp.Change `json:"changes"`
	// Secret is that of a client which was made, when it was generated; shown once.
	Secret string `json:"client_secret,omitempty"`

	do func(ctx context.Context, s *Step) error
}

// Plan compares the file with what there is. Steps come in an order that
// works; none means that all is as the file says. Deletions are planned only
// with prune: of roles and clients that the file does not name.
func (k *Keeper) Plan(ctx context.Context, f *File, prune bool) ([]*Step, error) {
	roles, gone, err := k.planRoles(ctx, f, prune)
	if err != nil {
		return nil, err
	}
	clients, err := k.planClients(ctx, f, prune)
	if err != nil {
		return nil, err
	}
	saved, err := k.planSettings(ctx, f)
	if err != nil {
		return nil, err
	}
	return slices.Concat(roles, clients, saved, gone), nil
}

// Apply does the steps in order and stops at the first that fails; done are
// those that were done.
func (k *Keeper) Apply(ctx context.Context, steps []*Step) (done []*Step, err error) {
	done = []*Step{}
	for _, s := range steps {
		if err := s.do(ctx, s); err != nil {
			return done, fmt.Errorf("%s %s %s: %w", s.Verb, s.Kind, s.ID, err)
		}
		done = append(done, s)
	}
	return done, nil
}

func (k *Keeper) planRoles(ctx context.Context, f *File, prune bool) (steps, gone []*Step, err error) {
	stored, err := k.Roles.List(ctx)
	if err != nil {
		return nil, nil, err
	}
	there, holders := map[string]FileRole{}, map[string]int{}
	for _, r := range stored {
		there[r.Name], holders[r.Name] = roleInFile(r.Role), r.Members
	}
	for _, want := range f.Roles {
		have, known := there[want.Name]
		delete(there, want.Name)
		step := &Step{Verb: StepCreate, Kind: "role", ID: want.Name, Changes: differences(FileRole{}, want)}
		step.do = func(ctx context.Context, _ *Step) error { _, err := k.Roles.Create(ctx, want.role()); return err }
		if known {
			step.Verb, step.Changes = StepUpdate, differences(have, want)
			step.do = func(ctx context.Context, s *Step) error {
				_, err := k.Roles.Update(ctx, s.ID, zeroTime, func(r *idp.Role) error {
					r.Description, r.Permission = want.Description, want.Permission
					return nil
				})
				return err
			}
		}
		if len(step.Changes) > 0 {
			steps = append(steps, step)
		}
	}
	if !prune || f.Roles == nil {
		return steps, nil, nil
	}
	var held []idp.Fault
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if (&idp.Role{Name: name}).BuiltIn() {
			continue
		}
		if holders[name] > 0 {
			held = append(held, idp.NewFault("roles", "%s is not in the file, and people hold it (%d); take it from them, or keep it", name, holders[name]))
			continue
		}
		gone = append(gone, &Step{
			Verb: StepDelete, Kind: "role", ID: name, Changes: []idp.Change{},
			do: func(ctx context.Context, s *Step) error { return k.Roles.Delete(ctx, s.ID) },
		})
	}
	if len(held) > 0 {
		return nil, nil, &idp.InvalidError{Faults: held}
	}
	return steps, gone, nil
}

func (k *Keeper) planClients(ctx context.Context, f *File, prune bool) ([]*Step, error) {
	stored, err := k.clients(ctx)
	if err != nil {
		return nil, err
	}
	there := map[string]*idp.Client{}
	for _, c := range stored {
		there[c.ID] = c
	}
	var steps []*Step
	wrong := &idp.InvalidError{}
	for i, want := range f.Clients {
		full := clientInFile(want.client()) // with the defaults written out
		full.Disabled = want.Disabled
		have, known := there[want.ID]
		delete(there, want.ID)
		step := &Step{Verb: StepCreate, Kind: "client", ID: want.ID, Changes: differences(FileClient{}, full), do: k.createClient(want)}
		if known {
			step.Verb, step.Changes, step.do = StepUpdate, differences(clientInFile(have), full), k.updateClient(want, have.Disabled)
		} else { // before anything is done
			_, err := k.secret(want)
			wrong.Faults = append(wrong.Faults, under(fmt.Sprintf("clients[%d].", i), err)...)
		}
		if len(step.Changes) > 0 {
			steps = append(steps, step)
		}
	}
	if len(wrong.Faults) > 0 {
		return nil, wrong
	}
	if !prune || f.Clients == nil {
		return steps, nil
	}
	for _, id := range slices.Sorted(maps.Keys(there)) {
		steps = append(steps, &Step{
			Verb: StepDelete, Kind: "client", ID: id, Changes: []idp.Change{},
			do: func(ctx context.Context, s *Step) error { return k.Clients.Delete(ctx, s.ID) },
		})
	}
	return steps, nil
}

func (k *Keeper) planSettings(ctx context.Context, f *File) ([]*Step, error) {
	if len(f.Settings) == 0 {
		return nil, nil
	}
	changed, err := k.Settings.Check(ctx, f.Settings)
	if err != nil {
		var invalid *idp.InvalidError
		if errors.As(err, &invalid) {
			return nil, &idp.InvalidError{Faults: under("settings.", err)}
		}
		return nil, err
	}
	if len(changed) == 0 {
		return nil, nil
	}
	if err := k.Settings.Load(ctx); err != nil {
		return nil, err
	}
	now := settings.Encode(k.Settings.Current())
	step := &Step{Verb: StepUpdate, Kind: "settings", ID: "settings", do: func(ctx context.Context, _ *Step) error {
		return k.Settings.Save(ctx, f.Settings, zeroTime)
	}}
	for _, name := range changed {
		step.Changes = append(step.Changes, idp.Change{Field: name, Before: jsonText(now[name]), After: jsonText(f.Settings[name])})
	}
	return []*Step{step}, nil
}

// differences are the members in which two records differ, by name.
func differences(before, after any) []idp.Change {
	a, b := members(before), members(after)
	names := slices.Sorted(maps.Keys(b))
	for name := range a {
		if _, there := b[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	changes := []idp.Change{}
	for _, name := range names {
		if !bytes.Equal(a[name], b[name]) {
			changes = append(changes, idp.Change{Field: name, Before: jsonText(a[name]), After: jsonText(b[name])})
		}
	}
	return changes
}

func members(v any) map[string]json.RawMessage {
	text, _ := json.Marshal(v) // our own structs always encode
	var out map[string]json.RawMessage
	_ = json.Unmarshal(text, &out) // as above
	return out
}

// jsonText is a JSON value for people: a text without its quotes, nothing for nothing.
func jsonText(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return strings.TrimSpace(string(value))
}
