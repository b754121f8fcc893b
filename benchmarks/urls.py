from django.urls import include, path

urlpatterns = [path("ihuyi/", include("django_ihuyi.urls"))]
