package sqlstore

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/idp"
)

// What stands in the log for a secret.
const (
	secretSet     = "[set]"
	secretChanged = "[changed]"
	secretRemoved = "[removed]"
)

// member is one member of a record as the log shows it.
type member struct{ field, value string }

// diff lists the members that differ; both lists are of one kind of record.
func diff(before, after []member) []idp.Change {
	var changes []idp.Change
	for i, b := range before {
		if after[i].value != b.value {
			changes = append(changes, idp.Change{Field: b.field, Before: b.value, After: after[i].value})
		}
	}
	return changes
}

// event is one of what the caller does; its time will be the database's.
func event(ctx context.Context, action string, t idp.Target, changes []idp.Change) *idp.AuditEvent {
	e := idp.NewEvent(ctx, time.Time{}, action, t, idp.AuditOK)
	e.Changes = changes
	return e
}

// update is an event of changes, or none when there are no changes.
func update(ctx context.Context, action string, t idp.Target, changes []idp.Change) []*idp.AuditEvent {
	if len(changes) == 0 {
		return nil
	}
	return []*idp.AuditEvent{event(ctx, action, t, changes)}
}

// onlyField reports whether the changes are of one member alone.
func onlyField(changes []idp.Change, field string) bool {
	return len(changes) == 1 && changes[0].Field == field
}

func timeText(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
}

func listText(list []string) string { return strings.Join(list, " ") }

// setText is listText for a list whose order means nothing.
func setText(list []string) string {
	return listText(slices.Compact(slices.Sorted(slices.Values(list))))
}

func userTarget(u *idp.User) idp.Target {
	return idp.Target{Kind: "user", ID: u.ID, Name: u.Username}
}

// userMembers are those that CreateUser and UpdateUser write, but the password.
func userMembers(u *idp.User) []member {
	members := []member{{"username", u.Username}, {"email", u.Email}, {"email_verified", strconv.FormatBool(u.EmailVerified)}}
	for _, text := range u.Texts() {
		members = append(members, member{text.Name, *text.Value})
	}
	return append(members,
		member{"address.formatted", clean(u.Address.Formatted)},
		member{"phone_number_verified", strconv.FormatBool(u.PhoneNumberVerified)},
		member{"roles", setText(u.Roles)},
		member{"status", string(u.Status)},
		member{"expires_at", timeText(u.ExpiresAt)},
		member{"delete_at", timeText(u.DeleteAt)},
	)
}

// userCreated is the event of a new user.
func userCreated(ctx context.Context, u *idp.User) *idp.AuditEvent {
	changes := diff(userMembers(new(idp.User)), userMembers(u))
	if u.PasswordHash != "" {
		changes = append(changes, idp.Change{Field: "password", After: secretSet})
	}
	return event(ctx, idp.ActionUserCreate, userTarget(u), changes)
}

// userUpdated is the event of an update; none when nothing changed.
func userUpdated(ctx context.Context, before, after *idp.User) []*idp.AuditEvent {
	changes := diff(userMembers(before), userMembers(after))
	action := idp.ActionUserUpdate
	if onlyField(changes, "status") {
		action = idp.ActionUserEnable
		if after.Status == idp.UserDisabled {
			action = idp.ActionUserDisable
		}
	}
	return update(ctx, action, userTarget(after), changes)
}

func roleTarget(r *idp.Role) idp.Target { return idp.Target{Kind: "role", ID: r.ID, Name: r.Name} }

func roleMembers(r *idp.Role) []member {
	return []member{{"name", r.Name}, {"description", r.Description}, {"permission", string(r.Permission)}}
}

func clientTarget(c *idp.Client) idp.Target {
	return idp.Target{Kind: "client", ID: c.ID, Name: c.Name}
}

// clientMembers are those that UpdateClient writes, but the secrets.
func clientMembers(c *idp.Client) []member {
	return []member{
		{"client_name", c.Name},
		{"token_endpoint_auth_method", c.AuthMethod},
		{"redirect_uris", listText(c.RedirectURIs)},
		{"post_logout_redirect_uris", listText(c.PostLogoutRedirectURIs)},
		{"grant_types", listText(c.GrantTypes)},
		{"scope", listText(c.Scopes)},
		{"resource_server", strconv.FormatBool(c.ResourceServer)},
		{"skip_consent", strconv.FormatBool(c.SkipConsent)},
		{"require_pkce", strconv.FormatBool(c.RequirePKCE)},
		{"id_token_signed_response_alg", c.IDTokenAlg},
		{"client_uri", c.ClientURI},
		{"policy_uri", c.PolicyURI},
		{"tos_uri", c.TosURI},
		{"logo", c.Logo},
		{"disabled", strconv.FormatBool(c.Disabled)},
		{"tokens_not_before", timeText(c.TokensNotBefore)},
	}
}

// clientChanges is diff with the secrets, of which nothing is told but that they changed.
func clientChanges(before, after *idp.Client) []idp.Change {
	changes := diff(clientMembers(before), clientMembers(after))
	added := slices.ContainsFunc(after.Secrets, func(s idp.ClientSecret) bool { return !holds(before, s) })
	removed := slices.ContainsFunc(before.Secrets, func(s idp.ClientSecret) bool { return !holds(after, s) })
	secrets := idp.Change{Field: "client_secret"}
	if len(before.Secrets) > 0 {
		secrets.Before = secretSet
	}
	switch {
	case added && secrets.Before == "":
		secrets.After = secretSet
	case added:
		secrets.After = secretChanged
	case removed:
		secrets.After = secretRemoved
	default:
		return changes
	}
	return append(changes, secrets)
}

func holds(c *idp.Client, s idp.ClientSecret) bool {
	return slices.ContainsFunc(c.Secrets, func(o idp.ClientSecret) bool { return o.Digest == s.Digest })
}

// clientUpdated is the event of an update; none when nothing changed.
func clientUpdated(ctx context.Context, before, after *idp.Client) []*idp.AuditEvent {
	changes := clientChanges(before, after)
	action := idp.ActionClientUpdate
	switch {
	case onlyField(changes, "client_secret"):
		action = idp.ActionClientSecret
	case isSwitch(changes) && after.Disabled:
		action = idp.ActionClientDisable
	case isSwitch(changes):
		action = idp.ActionClientEnable
	}
	return update(ctx, action, clientTarget(after), changes)
}

// isSwitch reports whether a client was turned off or on: its tokens of before die with it.
func isSwitch(changes []idp.Change) bool {
	rest := slices.DeleteFunc(slices.Clone(changes), func(c idp.Change) bool { return c.Field == "tokens_not_before" })
	return onlyField(rest, "disabled")
}

func keyTarget(k *idp.SigningKey) idp.Target { return idp.Target{Kind: "key", ID: k.KID, Name: k.Alg} }

func keyMembers(k *idp.SigningKey) []member {
	return []member{
		{"alg", k.Alg},
		{"predecessor", k.Predecessor},
		{"activate_at", timeText(k.ActivateAt)},
		{"revoked_at", timeText(k.RevokedAt)},
	}
}
