package pages

import (
	"slices"

	"gatehouse/idp"
)

// actions are those of the audit log that have words of their own.
func actions() []string {
	return []string{
		idp.ActionUserCreate, idp.ActionUserUpdate, idp.ActionUserEnable, idp.ActionUserDisable, idp.ActionUserDelete,
		idp.ActionUserPassword, idp.ActionUserUnlock, idp.ActionRoleCreate, idp.ActionRoleUpdate, idp.ActionRoleDelete,
		idp.ActionClientCreate, idp.ActionClientUpdate, idp.ActionClientEnable, idp.ActionClientDisable,
		idp.ActionClientSecret, idp.ActionClientDelete, idp.ActionConsentGive, idp.ActionConsentRemove,
		idp.ActionKeyCreate, idp.ActionKeyActivate, idp.ActionKeyRevoke, idp.ActionSettingsUpdate,
		idp.ActionSignIn, idp.ActionSessionEnd, idp.ActionGrantIssue, idp.ActionGrantRevoke, idp.ActionGrantReplay,
		idp.ActionClientAuth, idp.ActionAuditExport, idp.ActionAuditRetention, idp.ActionUsersExport,
		idp.ActionClientsExport, idp.ActionPermissionRefuse,
	}
}

// ActionText says what an event of the audit log tells of; one without words is
// shown as it is called there.
func ActionText(action string) Text {
	if slices.Contains(actions(), action) {
		return Text{Key: "action." + action}
	}
	return Text{Key: "action.other", Args: map[string]string{"Action": action}}
}
