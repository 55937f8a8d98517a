package console

import (
	"github.com/gin-gonic/gin"

	"gatehouse/web"
)

const (
	routeUsers    = web.RouteAdmin + "/users"
	routeRoles    = web.RouteAdmin + "/roles"
	routeSessions = web.RouteAdmin + "/sessions"
)

func (k *Console) mountPeople(see, manage, admin *gin.RouterGroup) {
	see.GET("/users", k.person(k.users))
	see.GET("/users.csv", k.person(k.usersCSV))
	manage.GET("/users/new", k.person(k.newUser))
	manage.POST("/users", k.person(k.addUser))
	manage.GET("/users/bulk", k.person(k.bulkReview))
	manage.POST("/users/bulk/confirm", k.person(k.bulkDo))

	see.GET("/users/:id", k.person(k.userProfile))
	manage.POST("/users/:id", k.person(k.saveProfile))
	see.GET("/users/:id/roles", k.person(k.userRoles))
	manage.POST("/users/:id/roles", k.person(k.saveRoles))
	see.GET("/users/:id/security", k.person(k.userSecurity))
	manage.POST("/users/:id/password", k.person(k.setPassword))
	manage.POST("/users/:id/unlock", k.person(k.unlockUser))
	manage.POST("/users/:id/disable", k.person(k.disableUser))
	manage.POST("/users/:id/enable", k.person(k.enableUser))
	manage.GET("/users/:id/delete", k.person(k.userDelete))
	manage.POST("/users/:id/delete", k.person(k.deleteUser))
	see.GET("/users/:id/sessions", k.person(k.userSessions))
	manage.POST("/users/:id/sessions/end", k.person(k.endUserSessions))
	manage.POST("/users/:id/sessions/:sid/end", k.person(k.endUserSession))
	see.GET("/users/:id/apps", k.person(k.userApps))
	manage.POST("/users/:id/apps/:client/remove", k.person(k.removeUserApp))
	see.GET("/users/:id/activity", k.person(k.userActivity))

	see.GET("/roles", k.person(k.roles))
	admin.GET("/roles/new", k.person(k.newRole))
	admin.POST("/roles", k.person(k.addRole))
	see.GET("/roles/:name", k.person(k.role))
	admin.POST("/roles/:name", k.person(k.saveRole))
	admin.GET("/roles/:name/delete", k.person(k.roleDelete))
	admin.POST("/roles/:name/delete", k.person(k.deleteRole))

	see.GET("/sessions", k.person(k.sessions))
	manage.GET("/sessions/end", k.person(k.sessionsReview))
	manage.POST("/sessions/end", k.person(k.endSessions))
}
