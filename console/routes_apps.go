package console

import (
	"net/url"

	"github.com/gin-gonic/gin"

	"gatehouse/web"
)

const (
	routeClients = web.RouteAdmin + "/clients"
	routeTokens  = web.RouteAdmin + "/tokens"
	routeKeys    = web.RouteAdmin + "/keys"
)

func (k *Console) mountApps(see, admin *gin.RouterGroup) {
	see.GET("/clients", k.Page(k.clients))
	see.GET("/clients.csv", k.Page(k.clientsCSV))
	admin.GET("/clients/new", k.Page(k.newClient))
	admin.POST("/clients", k.Page(k.addClient))

	see.GET("/clients/:id", k.Page(k.clientSettings))
	admin.POST("/clients/:id", k.Page(k.saveClient))
	admin.POST("/clients/:id/logo", k.Page(k.saveClientLogo))
	admin.POST("/clients/:id/logo/remove", k.Page(k.removeClientLogo))
	see.GET("/clients/:id/secrets", k.Page(k.clientSecrets))
	see.GET("/clients/:id/snippets", k.Page(k.clientSnippets))
	see.GET("/clients/:id/tokens", k.Page(k.clientTokens))
	see.GET("/clients/:id/test", k.Page(k.clientTest))
	admin.POST("/clients/:id/disable", k.Page(k.disableClient))
	admin.POST("/clients/:id/enable", k.Page(k.enableClient))
	admin.POST("/clients/:id/duplicate", k.Page(k.duplicateClient))
	admin.GET("/clients/:id/rotate", k.Page(k.rotateReview))
	admin.POST("/clients/:id/rotate", k.Page(k.rotateSecret))
	admin.GET("/clients/:id/drop-old-secret", k.Page(k.dropReview))
	admin.POST("/clients/:id/drop-old-secret", k.Page(k.dropOldSecret))
	admin.GET("/clients/:id/revoke-tokens", k.Page(k.revokeClientReview))
	admin.POST("/clients/:id/revoke-tokens", k.Page(k.revokeClientTokens))
	admin.GET("/clients/:id/delete", k.Page(k.clientDelete))
	admin.POST("/clients/:id/delete", k.Page(k.deleteClient))

	see.GET("/tokens", k.Page(k.tokens))
	admin.GET("/tokens/revoke", k.Page(k.revokeReview))
	admin.POST("/tokens/revoke", k.Page(k.revokeTokens))
	see.GET("/tokens/inspect", k.Page(k.inspectPage))
	see.POST("/tokens/inspect", k.Page(k.inspect))

	see.GET("/keys", k.Page(k.keys))
	admin.GET("/keys/rotate", k.Page(k.rotateKeysReview))
	admin.POST("/keys/rotate", k.Page(k.rotateKeys))
	admin.GET("/keys/:kid/revoke", k.Page(k.keyRevoke))
	admin.POST("/keys/:kid/revoke", k.Page(k.revokeKey))
}

func clientRoute(id string) string { return routeClients + "/" + url.PathEscape(id) }
