package server

import "gatehouse/idp"

// settingVariables are the variables that fix a setting, by its JSON name.
// What they leave open an administrator may change while Gatehouse runs.
func settingVariables() map[string]string {
	return map[string]string{
		"access_token_ttl":      "GATEHOUSE_ACCESS_TOKEN_TTL",
		"id_token_ttl":          "GATEHOUSE_ID_TOKEN_TTL",
		"refresh_token_ttl":     "GATEHOUSE_REFRESH_TOKEN_TTL",
		"refresh_token_max_ttl": "GATEHOUSE_REFRESH_TOKEN_MAX_TTL",
		"session_ttl":           "GATEHOUSE_SESSION_TTL",
		"session_max_ttl":       "GATEHOUSE_SESSION_MAX_TTL",
		"password_min_length":   "GATEHOUSE_PASSWORD_MIN_LENGTH",
		"signup":                "GATEHOUSE_SIGNUP",
		"product_name":          "GATEHOUSE_PRODUCT_NAME",
		"accent":                "GATEHOUSE_BRAND_ACCENT",
		"audit_retention":       "GATEHOUSE_AUDIT_RETENTION",
	}
}

// fixedSettings says which settings the variables set, and by what.
func fixedSettings(vars map[string]string) map[string]string {
	fixed := map[string]string{}
	for setting, name := range settingVariables() {
		if _, set := vars[name]; set {
			fixed[setting] = "the variable " + name
		}
	}
	return fixed
}

// settings are the defaults with what the environment sets.
func (c *Config) settings() idp.Settings {
	return idp.Settings{
		AccessTokenTTL: c.AccessTokenTTL, IDTokenTTL: c.IDTokenTTL,
		RefreshTokenTTL: c.RefreshTokenTTL, RefreshTokenMaxTTL: c.RefreshTokenMaxTTL,
		SessionTTL: c.SessionTTL, SessionMaxTTL: c.SessionMaxTTL,
		PasswordMinLength: c.PasswordMinLength, Signup: c.Signup,
		ProductName: c.ProductName, Accent: c.BrandAccent, AuditRetention: c.AuditRetention,
	}
}
