package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

func (k *Console) users(c *gin.Context) error {
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	page, err := k.findUsers(c.Request.Context(), userQuery(query))
	if err != nil {
		return listAgain(c, err)
	}
	roles, err := k.Roles.All(c.Request.Context())
	if err != nil {
		return err
	}
	p := pages.UsersPage{
		List: pages.NewListView(routeUsers, query, page), Manage: may(c).MayManageUsers(), MaxCSV: maxRows,
	}
	if p.List.Sort == "" {
		p.List.Sort = "username"
	}
	p.CSV = withQuery(routeUsers+".csv", keep(query, "q", "status", "role", "sort"))
	for _, r := range roles {
		p.Roles = append(p.Roles, r.Name)
	}
	for _, u := range page.Items {
		p.Users = append(p.Users, pages.UserRow{
			User: u, State: pages.StateOf(u, k.Now()), Pick: may(c).MayManage(u) && !isSelf(c, u),
		})
	}
	return k.Show(c, http.StatusOK, p)
}

// statusLocked asks for those whom failed sign-ins hold back; the other values
// of status are those of idp.UserStatus.
const statusLocked = "locked"

// userQuery reads what a list of people is asked for. What it does not know it passes over.
func userQuery(v url.Values) idp.UserQuery {
	q := idp.UserQuery{ListQuery: listQuery(v), Role: v.Get("role")}
	switch status := v.Get("status"); status {
	case statusLocked:
		q.Locked = true
	case string(idp.UserActive), string(idp.UserDisabled):
		q.Status = idp.UserStatus(status)
	}
	return q
}

// findUsers asks the store. A text longer than any member of a record matches nobody.
func (k *Console) findUsers(ctx context.Context, q idp.UserQuery) (idp.Page[*idp.User], error) {
	if utf8.RuneCountInString(q.Text) > idp.MaxClaim {
		return idp.Page[*idp.User]{}, nil
	}
	return k.Users.Query(ctx, q)
}

func (k *Console) usersCSV(c *gin.Context) error {
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	q := userQuery(query)
	read := fromStart(&q.ListQuery, func() (idp.Page[*idp.User], error) { return k.findUsers(c.Request.Context(), q) })
	return k.sendCSV(c, export{
		Name: "users", Action: idp.ActionUsersExport, Header: userHeader(), Rows: allRows(read, userCells),
	})
}

// userHeader names the columns of userCells: as in JSON, so that a file can be imported again.
func userHeader() []string {
	h := []string{"id", "username", "email", "email_verified", "status", "roles"}
	for _, t := range (&idp.User{}).Texts() {
		h = append(h, t.Name)
	}
	return append(h, "address.formatted", "phone_number_verified", "created_at", "updated_at", "expires_at",
		"last_login_at", "last_change_at", "failed_auth_at", "failed_auth_count", "delete_at")
}

func userCells(u *idp.User) []string {
	row := []string{
		u.ID, u.Username, u.Email, strconv.FormatBool(u.EmailVerified), string(u.Status), strings.Join(u.Roles, " "),
	}
	for _, t := range u.Texts() {
		row = append(row, *t.Value)
	}
	return append(row, u.Address.Formatted, strconv.FormatBool(u.PhoneNumberVerified),
		cellTime(&u.CreatedAt), cellTime(&u.UpdatedAt), cellTime(u.ExpiresAt),
		cellTime(u.LastLoginAt), cellTime(u.LastChangeAt), cellTime(u.FailedAuthAt),
		strconv.Itoa(u.FailedAuthCount), cellTime(u.DeleteAt))
}
