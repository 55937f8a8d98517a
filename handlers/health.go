package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/web"
)

// readyWithin is how long the stores may take to answer a probe.
const readyWithin = 2 * time.Second

// healthz says that the process answers. It asks no store: a restart mends none.
func (s *site) healthz(c *gin.Context) error {
	writeStatus(c, http.StatusOK, "ok")
	return nil
}

// readyz says whether requests should be sent here.
func (s *site) readyz(c *gin.Context) error {
	if s.Ready == nil {
		writeStatus(c, http.StatusOK, "ready")
		return nil
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), readyWithin)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		web.RecordOf(c).Fail(err, http.StatusServiceUnavailable, "not_ready")
		writeStatus(c, http.StatusServiceUnavailable, "not ready")
		return nil
	}
	writeStatus(c, http.StatusOK, "ready")
	return nil
}

func writeStatus(c *gin.Context, status int, word string) {
	c.Header("Cache-Control", "no-store")
	web.WriteJSON(c, status, []byte(`{"status":"`+word+`"}`+"\n"))
}
