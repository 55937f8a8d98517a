package api

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"gatehouse/idp"
)

// settingsView is the settings in force, what fixes those that cannot be
// changed here, and when they were last saved.
func (a *API) settingsView() (*answer, error) {
	names, err := settingNames()
	if err != nil {
		return nil, err
	}
	version := a.Settings.Version()
	now, err := json.Marshal(a.Settings.Current())
	if err != nil {
		return nil, err
	}
	view := map[string]any{}
	if err := json.Unmarshal(now, &view); err != nil {
		return nil, err
	}
	fixed := map[string]string{}
	for _, name := range names {
		if by := a.Settings.FixedBy(name); by != "" {
			fixed[name] = by
		}
	}
	view["fixed"], view["updated_at"] = fixed, moment(version)
	w := shown(view)
	w.version = settingsVersion(version)
	return w, nil
}

// settingNames are the members of idp.Settings in JSON.
func settingNames() ([]string, error) {
	text, err := json.Marshal(idp.Settings{})
	if err != nil {
		return nil, err
	}
	var all members
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(all)), nil
}

func settingsVersion(t time.Time) time.Time {
	if t.IsZero() {
		return idp.NeverSaved()
	}
	return t
}

func (a *API) readSettings(c *call) (*answer, error) {
	if err := a.Settings.Load(c.ctx()); err != nil {
		return nil, err
	}
	return a.settingsView()
}

func (a *API) updateSettings(c *call) (*answer, error) {
	names, err := settingNames()
	if err != nil {
		return nil, err
	}
	m, err := c.members(names...)
	if err != nil {
		return nil, err
	}
	if err := a.Settings.Load(c.ctx()); err != nil {
		return nil, err
	}
	since, err := c.match.since(settingsVersion(a.Settings.Version()))
	if err != nil {
		return nil, err
	}
	if err := a.Settings.Save(c.ctx(), m, since); err != nil {
		return nil, err
	}
	return a.settingsView()
}
