plugins {
    id("com.android.application")
}

android {
    namespace = "org.gossamer.sample"
    compileSdk = 34
    defaultConfig {
        applicationId = "org.gossamer.sample"
        minSdk = 21
        targetSdk = 34
        versionCode = 1
        versionName = "1"
    }
    androidResources {
        noCompress += "tflite"
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }
}

dependencies {
    implementation(project(":model-@NAME@"))
}
