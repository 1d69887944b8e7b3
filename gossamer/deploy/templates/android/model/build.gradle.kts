plugins {
    id("com.android.library")
}

val engine = providers.gradleProperty("gossamer.engine").getOrElse("native")
check(engine == "native" || engine == "tflite") {
    "gossamer.engine is native or tflite, not $engine: see gradle.properties"
}

android {
    namespace = "org.gossamer.lite.models.@PACKAGE@"
    compileSdk = 34
    defaultConfig {
        minSdk = 21
        consumerProguardFiles("consumer-rules.pro")
        ndk {
            abiFilters += listOf(@ABIS@)
        }
    }
    if (engine == "native") {
        externalNativeBuild {
            cmake {
                path = file("src/native/cpp/CMakeLists.txt")
            }
        }
    }
    sourceSets.getByName("main") {
        java.srcDir("src/$engine/java")
        resources.srcDir("src/$engine/resources")
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
    if (engine == "native") {
        api(project(":lite"))
    } else {
        api("org.tensorflow:tensorflow-lite:2.16.1")
    }
}
