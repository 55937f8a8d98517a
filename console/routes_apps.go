package console

import "github.com/gin-gonic/gin"

func (k *Console) mountApps(see, admin *gin.RouterGroup) {}
