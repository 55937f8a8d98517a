package console

import (
	"github.com/gin-gonic/gin"

	"gatehouse/web"
)

const routeSettings = web.RouteAdmin + "/settings"

// mountRecords are the overview, the audit log and the settings.
func (k *Console) mountRecords(seeAny, see, admin *gin.RouterGroup) {
	seeAny.GET("", k.Page(k.overview))
	seeAny.GET("/overview/events", k.Page(k.overviewEvents))

	see.GET("/audit", k.Page(k.auditList))
	see.GET("/audit.csv", k.Page(k.auditCSV))
	see.GET("/audit.json", k.Page(k.auditJSON))
	see.GET("/audit/events", k.Page(k.auditEvents))
	see.GET("/audit/:seq", k.Page(k.auditEvent))

	see.GET("/settings", k.Page(k.settingsPage))
	admin.POST("/settings/logo", k.Page(k.settingsLogo))
	admin.POST("/settings/:section", k.Page(k.settingsSave))
}
