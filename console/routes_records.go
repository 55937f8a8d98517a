package console

import "github.com/gin-gonic/gin"

func (k *Console) mountRecords(seeAny, see, admin *gin.RouterGroup) {}
