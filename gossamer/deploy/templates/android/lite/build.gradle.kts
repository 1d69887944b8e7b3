plugins {
    id("com.android.library")
}

android {
    namespace = "org.gossamer.lite"
    compileSdk = 34
    defaultConfig {
        minSdk = 21
    }
    lint {
        // Desktops alone come to where a class of Android 8 is named.
        disable += "NewApi"
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }
}
