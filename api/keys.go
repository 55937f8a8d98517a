package api

// listKeys returns all signing keys, oldest first.
func (a *API) listKeys(c *call) (*answer, error) {
	keys, err := a.Keys.List(c.ctx())
	if err != nil {
		return nil, err
	}
	return shown(keys), nil
}

func (a *API) rotateKeys(c *call) (*answer, error) {
	if _, err := c.members(); err != nil {
		return nil, err
	}
	keys, err := a.Keys.Rotate(c.ctx())
	if err != nil {
		return nil, err
	}
	return shown(keys), nil
}

func (a *API) revokeKey(c *call) (*answer, error) {
	if err := a.Keys.Revoke(c.ctx(), c.param("kid")); err != nil {
		return nil, err
	}
	return a.listKeys(c)
}
