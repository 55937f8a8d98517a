package console

import (
	"context"
	"errors"
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
		return listAgain(c, query, err)
	}
	roles, err := k.Roles.All(c.Request.Context())
	if err != nil {
		return err
	}
	p := pages.UsersPage{
		List: pages.NewListView(routeUsers, query, page), Manage: may(c).MayManageUsers(), MaxCSV: MaxRows,
	}
	if p.List.Sort == "" {
		p.List.Sort = "username"
	}
	p.CSV = csvAddress(p.List.Query)
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

// listQuery reads the parameters that every list takes.
func listQuery(v url.Values) idp.ListQuery {
	q := idp.ListQuery{
		Text: strings.TrimSpace(v.Get("q")), Sort: v.Get("sort"),
		After: v.Get("after"), Before: v.Get("before"), Limit: 50,
	}
	switch n, _ := strconv.Atoi(v.Get("n")); n { // 0 for what is no number
	case 25, 50, 100:
		q.Limit = n
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

// listAgain leads from an address with a broken cursor or an unknown order to
// the beginning of the same list. Any other error comes back.
func listAgain(c *gin.Context, query url.Values, err error) error {
	var invalid *idp.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	kept := url.Values{}
	for name, values := range query {
		switch name {
		case "sort", "after", "before":
		default:
			kept[name] = values
		}
	}
	if len(kept) == len(query) {
		return web.BadInput("the list cannot be shown so")
	}
	web.SeeOther(c, withQuery(c.Request.URL.Path, kept))
	return nil
}

func withQuery(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// csvAddress is the address of the list as a file.
func csvAddress(query url.Values) string {
	return withQuery(routeUsers+".csv", keep(query, "q", "status", "role", "sort"))
}

func (k *Console) usersCSV(c *gin.Context) error {
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	q := userQuery(query)
	q.After, q.Before, q.Limit = "", "", exportPage
	read := func(after string) (idp.Page[*idp.User], error) {
		q.After = after
		return k.findUsers(c.Request.Context(), q)
	}
	err = k.sendCSV(c, export{
		Name: "users", Action: idp.ActionUsersExport, Header: userHeader(), Rows: everything(read, userCells),
	})
	if err != nil {
		return listAgain(c, query, err)
	}
	return nil
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
