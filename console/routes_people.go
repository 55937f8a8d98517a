package console

import "github.com/gin-gonic/gin"

func (k *Console) mountPeople(see, manage, admin *gin.RouterGroup) {}
